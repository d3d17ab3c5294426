"""The connection to FASHN, as this installation configures it."""

import base64
import functools
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.dispatch import Signal

from config.core import clock
from config.core.http.address import public_address
from config.core.storage import ObjectMissing, content_type, look_at, read
from tryon.accounts import terms_of
from tryon.fashn.client import FashnClient
from tryon.fashn.download import download
from tryon.fashn.inputs import Inputs, Step, background_remove_inputs, tryon_inputs
from tryon.models import INLINE, Prediction, TryOnJob
from tryon.outcomes import fault_for
from tryon.selectors.photos import garment_photos

logger = structlog.stdlib.get_logger(__name__)

FAULT_HEADER: Final = "X-Sandbox-Fault"
FASHN_MEDIA_HOSTS: Final = "*.fashn.ai"


def client(account: str) -> FashnClient:
    """Return the process's one client for the account's address and key, so that connections are reused."""
    terms = terms_of(account)
    return _client(terms.url, terms.key, settings.FASHN_TIMEOUT_SECONDS)


# With ``account``, ``credits`` and ``at``: who shows the balance keeps it.
balance_told: Final = Signal()


def credits_left(account: str) -> int:
    """Ask FASHN for the account's balance, in credits, and have it kept. Raise FashnError."""
    asked_at = clock.now()  # what is sent from here on may not be in the answer
    told = client(account).credits().total
    balance_told.send(sender=None, account=account, credits=told, at=asked_at)
    return told


@functools.lru_cache(maxsize=64)
def _client(base_url: str, api_key: str, read_timeout: float) -> FashnClient:
    return FashnClient(base_url=base_url, api_key=api_key, read_timeout=read_timeout)


def headers_for(job: TryOnJob) -> dict[str, str]:
    """Return the headers of a job's call: a test job tells the sandbox the outcome that was ordered."""
    fault = fault_for(job)
    return {FAULT_HEADER: fault} if fault else {}


def fetch_result(account: str, address: str) -> bytes:
    """Return the bytes of a result picture. Raise DownloadError."""
    api = urlsplit(terms_of(account).url)
    return download(
        address,
        allowed_hosts=(FASHN_MEDIA_HOSTS, api.netloc),
        # A sandbox at an http address serves its pictures over http too. FASHN itself does not.
        plain_http=api.scheme == "http",
    )


def inputs_for(job: TryOnJob, step: Step, before: Prediction | None) -> Inputs:
    """Return the inputs of a step. Raise ObjectMissing and StorageUnavailable.

    A further step works on the picture of the step before: FASHN's own, by its address, or our copy. A
    shopper's pictures travel within the calls and their answers, so that FASHN keeps no file of them.
    """
    photo = _way_of(job)
    picture = "" if before is None else _kept_copy(before, photo) or before.output
    if picture == INLINE:
        raise ObjectMissing  # only our copy had it
    if step.garment is None:
        return _answered_inside(job, background_remove_inputs(picture))
    person = picture or photo(job.person.name or "")
    inputs = tryon_inputs(person, _garment(job, step.garment, photo), step.options)
    return _answered_inside(job, inputs)


def _garment(job: TryOnJob, position: int, photo: Callable[[str], str]) -> str:
    """Return a garment's photo for FASHN. Another requester's copy may go while this one is read."""
    missing = ObjectMissing()
    for copy in garment_photos(job, position) if position else [job.product_image]:
        try:
            return photo(copy.processed.name or "")
        except ObjectMissing as error:
            missing = error
            logger.warning("garment_photo_missing", job_id=str(job.pk), position=position)
    raise missing


def _way_of(job: TryOnJob) -> Callable[[str], str]:
    """Return the function that makes of a photo's key what FASHN gets."""
    if job.is_private:
        return _photo_inside
    # FASHN only says that it could not load a photo. The store knows why.
    return _photo_looked_at if job.retry_count and settings.FASHN_INPUT_URLS else _photo


def _answered_inside(job: TryOnJob, inputs: Inputs) -> Inputs:
    return {**inputs, "return_base64": True} if job.is_private else inputs


def _kept_copy(before: Prediction, photo: Callable[[str], str]) -> str:
    """Return our copy of an earlier step's picture, empty if there is none (any more)."""
    if not before.kept:
        return ""
    try:
        return photo(before.kept.name or "")
    except ObjectMissing:
        logger.exception("kept_picture_missing")
        return ""


def _photo(key: str) -> str:
    """Return a photo for FASHN: a signed URL if FASHN can reach the store, else its bytes.

    Raise ObjectMissing for a photo that has been cleaned up, and the errors of ``read``.
    """
    if not key:
        raise ObjectMissing
    return default_storage.url(key) if settings.FASHN_INPUT_URLS else _photo_inside(key)


def _photo_inside(key: str) -> str:
    if not key:
        raise ObjectMissing
    return data_uri(read(key), content_type(key))


def _photo_looked_at(key: str) -> str:
    if key:
        look_at(key)
    return _photo(key)


def webhook_url(callback_token: str) -> str | None:
    """Return the address of our webhook, None if FASHN can't reach us and timers do the work."""
    if not settings.PUBLIC_BASE_URL:
        return None
    return public_address("fashn-webhook", callback_token)


def data_uri(picture: bytes, media_type: str) -> str:
    """Return a JPEG or PNG in FASHN's inline form, which requires the prefix."""
    return f"data:{media_type};base64,{base64.b64encode(picture).decode()}"
