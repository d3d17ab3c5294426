"""Rescue: a picture whose job gave up is asked for as long as FASHN keeps it, and stored when it arrives."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from tryon import governor, lifecycle, queue
from tryon.fashn.errors import FashnError, NotFound
from tryon.fashn.types import Phase
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.provider import client
from tryon.steps.check import note_success
from tryon.steps.plan import FASHN_KEEPS_PICTURES

logger = structlog.stdlib.get_logger(__name__)

SHORTEST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)


def rescue(prediction_id: UUID) -> None:
    """Ask FASHN once more for a prediction that no job waits for. Nothing is paid here."""
    prediction = _claim(prediction_id, timezone.now())
    if prediction is None or not governor.status_call_allowed():
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
    """The prediction, if it is due and nobody else is asking: its next time is set before FASHN is asked."""
    due = Prediction.objects.filter(pk=prediction_id, state=PredictionState.UNKNOWN, rescue_at__lte=now)
    prediction = due.exclude(provider_id="").select_related("job").first()
    if prediction is None:
        return None
    age = now - (prediction.submitted_at or prediction.created_at)
    again = None if age > FASHN_KEEPS_PICTURES else now + min(max(SHORTEST_WAIT, age / 4), LONGEST_WAIT)
    return prediction if due.update(rescue_at=again) == 1 else None


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
