"""Rescue: what may be, or is, paid for outlives its job, as long as FASHN keeps pictures."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.images import ImageRefused, read_result
from config.storage import StorageUnavailable, new_files
from tryon import governor, lifecycle, queue
from tryon.fashn.errors import DownloadError, FashnError, NotFound
from tryon.fashn.types import Phase
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.provider import client, fetch_result
from tryon.selectors import predictions_to_rescue
from tryon.steps.check import note_success
from tryon.steps.outcomes import next_look
from tryon.steps.plan import is_last

logger = structlog.stdlib.get_logger(__name__)


class PictureKept(Exception):
    """Somebody else has stored this copy meanwhile: ours is taken back."""


def rescue(prediction_id: UUID) -> None:
    """Look after a prediction that no job waits for. Nothing is paid here.

    One whose fate is unknown is asked about. A paid picture brings its failed job back when it is the last
    one, and is copied for a retry when it is an earlier one.
    """
    prediction = _claim(prediction_id, timezone.now())
    if prediction is None:
        return
    if prediction.state == PredictionState.UNKNOWN:
        _ask(prediction)
    elif prediction.job.status != Status.FAILED:
        lifecycle.look_after(prediction, at=None)
    elif is_last(prediction.job, prediction):
        _bring_back(prediction.job, prediction)
    else:
        _keep(prediction)


def _ask(prediction: Prediction) -> None:
    """Ask FASHN once more what became of it."""
    if not governor.status_call_allowed():
        return
    try:
        answer = client().status(prediction.provider_id)
    except NotFound:
        lifecycle.rescue_later(prediction, at=None)
        lifecycle.record(prediction.job_id, "checked", providerStatus="NotFound")
        return
    except FashnError as error:
        lifecycle.record(prediction.job_id, "checked", providerStatus=error.code)
        return
    if answer.phase is Phase.FAILED and answer.error is not None:
        lifecycle.ended(prediction, error_name=answer.error.name, error_message=answer.error.message)
    elif answer.phase is Phase.SUCCEEDED and answer.outputs:
        if note_success(prediction.job, prediction, answer):
            _bring_back(prediction.job, prediction)
    else:
        lifecycle.record(prediction.job_id, "checked", providerStatus=answer.status)


def _claim(prediction_id: UUID, now: datetime) -> Prediction | None:
    """The prediction, if it is due and nobody else is at it: its next time is set before anything is done."""
    due = predictions_to_rescue(now).filter(pk=prediction_id)
    prediction = due.select_related("job").first()
    if prediction is None or due.update(rescue_at=next_look(prediction, now)) != 1:
        return None
    return prediction


def _keep(prediction: Prediction) -> None:
    """Store a copy of an earlier step's picture: FASHN deletes its own after 72 hours."""
    try:
        picture = read_result(fetch_result(prediction.output)).picture
        with new_files() as store:
            if not lifecycle.kept(prediction, key=store("results", picture.content, picture.extension)):
                raise PictureKept
    except PictureKept:
        return
    except (DownloadError, ImageRefused, StorageUnavailable) as error:
        lifecycle.record(prediction.job_id, "keeping_failed", code=error.code)


def _bring_back(job: TryOnJob, prediction: Prediction) -> None:
    """A paid picture has arrived late: a failed job goes on from there."""
    if job.status != Status.FAILED:
        lifecycle.record(job.pk, "late_picture", credits=prediction.credits_used)
        return
    try:
        # Its own savepoint: an identical job may be active, which the database refuses.
        with transaction.atomic():
            revived = lifecycle.requeue(job.pk, event="rescued", credits=prediction.credits_used)
    except IntegrityError:
        lifecycle.record(job.pk, "late_picture", credits=prediction.credits_used)
        return
    if revived:
        logger.warning("picture_rescued", job_id=str(job.pk), credits=prediction.credits_used)
        queue.enqueue_advance(job.pk)
