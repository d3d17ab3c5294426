"""Rescue: what may be, or is, paid for outlives its job, as long as FASHN keeps pictures."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.images import ImageRefused, read_result
from config.storage import StorageUnavailable, new_files
from tryon import governor, lifecycle, queue
from tryon.fashn.errors import DownloadError, FashnError
from tryon.fashn.types import Phase
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.provider import client, fetch_result
from tryon.selectors import predictions_to_rescue
from tryon.steps.check import forgotten, note_success
from tryon.steps.outcomes import next_look
from tryon.steps.plan import is_last, paid_picture

logger = structlog.stdlib.get_logger(__name__)


class PictureKept(Exception):
    """Somebody else has stored this copy meanwhile: ours is taken back."""


def rescue(prediction_id: UUID) -> None:
    """Look after a prediction that no job waits for. Nothing is paid here.

    One whose fate is unknown is asked about. A paid picture that is the last one brings its job back to
    fetch it; an earlier one is copied, and its job goes on with it.
    """
    prediction = _claim(prediction_id, timezone.now())
    if prediction is None:
        return
    late = prediction.state == PredictionState.UNKNOWN
    if late:
        _ask(prediction)
    if prediction.state != PredictionState.SUCCEEDED:
        return
    if is_last(prediction.job, prediction):
        used = _bring_back(prediction)
    else:
        used = _use_earlier(prediction, late=late)
    if late and not used:
        lifecycle.record(prediction.job_id, "late_picture", credits=prediction.credits_used)


def _ask(prediction: Prediction) -> None:
    """Ask FASHN once more what became of it."""
    if not governor.status_call_allowed():
        return
    try:
        answer = client().status(prediction.provider_id)
    except FashnError as error:
        if forgotten(error):
            lifecycle.rescue_later(prediction, at=None)
        lifecycle.record(prediction.job_id, "checked", providerStatus=error.code)
        return
    if answer.phase is Phase.FAILED and answer.error is not None:
        lifecycle.ended(prediction, error_name=answer.error.name, error_message=answer.error.message)
    elif answer.phase is Phase.SUCCEEDED and answer.outputs:
        note_success(prediction.job, prediction, answer)
    else:
        lifecycle.record(prediction.job_id, "checked", providerStatus=answer.status)


def _claim(prediction_id: UUID, now: datetime) -> Prediction | None:
    """The prediction, if it is due and nobody else is at it: its next time is set before anything is done."""
    due = predictions_to_rescue(now).filter(pk=prediction_id)
    prediction = due.select_related("job").first()
    if prediction is None or due.update(rescue_at=next_look(prediction, now)) != 1:
        return None
    return prediction


def _keep(prediction: Prediction) -> bool:
    """Store a copy of an earlier step's picture: FASHN deletes its own after 72 hours."""
    try:
        picture = read_result(fetch_result(prediction.output)).picture
        with new_files() as store:
            if not lifecycle.kept(prediction, key=store("results", picture.content, picture.extension)):
                raise PictureKept
    except PictureKept:
        return False
    except (DownloadError, ImageRefused, StorageUnavailable) as error:
        lifecycle.record(prediction.job_id, "keeping_failed", code=error.code)
        return False
    return True


def _bring_back(prediction: Prediction) -> bool:
    """Have a picture that is paid for fetched, if its job has failed, or waits to pay for another."""
    job = prediction.job
    with transaction.atomic():
        # Under the lock: what can't be fetched any more must not bring a job back, which would pay anew.
        lifecycle.lock_job(job.pk)
        if paid_picture(job) is not None and _resume(prediction, lifecycle.revive):
            return True
    _let_go(prediction)
    return False


def _use_earlier(prediction: Prediction, *, late: bool) -> bool:
    """Copy an earlier step's picture for whoever retries its failed job.

    A job that gave up on this very step goes on with the next: it was asked for, and is not paid yet.
    """
    job = prediction.job
    job.refresh_from_db(fields=["status"])
    if job.status != Status.FAILED:
        _let_go(prediction)
        return False
    if not _keep(prediction):
        return False
    later = job.predictions.filter(created_at__gt=prediction.created_at)
    return late and not later.exists() and _resume(prediction, lifecycle.requeue)


def _resume(prediction: Prediction, move: Callable[..., bool]) -> bool:
    try:
        # Its own savepoint: an identical job may be active, which the database refuses.
        with transaction.atomic():
            resumed = move(prediction.job_id, event="revived", credits=prediction.credits_used)
    except IntegrityError:
        return False
    if resumed:
        logger.warning("job_revived", job_id=str(prediction.job_id), credits=prediction.credits_used)
        queue.enqueue_advance(prediction.job_id)
    return resumed


def _let_go(prediction: Prediction) -> None:
    """Look no more after a picture whose job is done with."""
    if TryOnJob.objects.filter(pk=prediction.job_id, status__in=[Status.COMPLETED, Status.CANCELED]).exists():
        lifecycle.look_after(prediction, at=None)
