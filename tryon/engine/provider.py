"""FASHN as this installation is configured to reach it."""

import base64
import functools
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse

from config.core.storage import ObjectMissing, content_type, read
from tryon.fashn.client import FashnClient
from tryon.fashn.download import download
from tryon.fashn.inputs import Inputs, Step, background_remove_inputs, tryon_inputs
from tryon.fashn.options import TryOnOptions
from tryon.models import Prediction, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

FASHN_MEDIA_HOSTS: Final = "*.fashn.ai"


def client() -> FashnClient:
    """The client for the configured address and key; one a process, so that connections are reused."""
    return _client(settings.FASHN_API_URL, settings.FASHN_API_KEY, settings.FASHN_TIMEOUT_SECONDS)


@functools.lru_cache(maxsize=4)
def _client(base_url: str, api_key: str, read_timeout: float) -> FashnClient:
    return FashnClient(base_url=base_url, api_key=api_key, read_timeout=read_timeout)


def fetch_result(address: str) -> bytes:
    """The bytes of a result picture. Raises DownloadError."""
    api_host = urlsplit(settings.FASHN_API_URL).netloc
    return download(address, allowed_hosts=(FASHN_MEDIA_HOSTS, api_host))


def inputs_for(job: TryOnJob, step: Step, before: Prediction | None) -> Inputs:
    """What to send for a step. Raises ObjectMissing and StorageUnavailable.

    The second step works on the first one's picture: FASHN's own, by its address, or the copy that we kept.
    """
    if step == "background-remove":
        if before is None:
            raise ValueError("background-remove needs a try-on before it.")
        return background_remove_inputs(_kept_copy(before) or before.output)
    options = TryOnOptions.from_mapping(job.options)
    return tryon_inputs(
        _photo(job.model_image.image.name or ""), _photo(job.product_image.processed.name or ""), options
    )


def _kept_copy(before: Prediction) -> str:
    """Our copy of an earlier step's picture; empty where there is none (any more)."""
    if not before.kept:
        return ""
    try:
        return _photo(before.kept.name or "")
    except ObjectMissing:
        logger.exception("kept_picture_missing")
        return ""


def _photo(key: str) -> str:
    """A photo as FASHN gets it: a signed URL of the store's where FASHN can reach it, else its bytes.

    Raises ObjectMissing for one that has been cleaned up, and as ``read`` does.
    """
    if not key:
        raise ObjectMissing
    return default_storage.url(key) if settings.FASHN_INPUT_URLS else data_uri(read(key), content_type(key))


def webhook_url(callback_token: str) -> str | None:
    """Where FASHN tells that a prediction is done; None where it can't reach us, and timers have to do."""
    if not settings.PUBLIC_BASE_URL:
        return None
    return f"{settings.PUBLIC_BASE_URL}{reverse('fashn-webhook', args=[callback_token])}"


def data_uri(picture: bytes, media_type: str) -> str:
    """A JPEG or PNG as FASHN takes it inline. The prefix is required."""
    return f"data:{media_type};base64,{base64.b64encode(picture).decode()}"
