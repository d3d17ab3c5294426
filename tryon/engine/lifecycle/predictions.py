"""State changes of predictions, the paid calls."""

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from tryon.engine.lifecycle.events import record
from tryon.engine.lifecycle.jobs import DOWNLOADING_PROGRESS, lock_job, move
from tryon.models import Prediction, PredictionState, Status

SUBMITTED_PROGRESS: Final = 10

# What may still turn out to have brought a picture.
OPEN: Final = (PredictionState.SENDING, PredictionState.RUNNING, PredictionState.UNKNOWN)


def sending(prediction: Prediction) -> bool:
    """The unsafe window opens: committed before the first byte leaves, so a killed worker is noticed."""
    with transaction.atomic():
        if not change(
            prediction, PredictionState.RESERVED, state=PredictionState.SENDING, submitted_at=timezone.now()
        ):
            return False
        record(prediction.job_id, "submitting", prediction=str(prediction.pk))
    return True


def running(
    prediction: Prediction, *, provider_id: str, expected_at: datetime, next_check_at: datetime
) -> bool:
    """The unsafe window closes: FASHN gave an id.

    False where the webhook was quicker than the answer and gave it first, or the job does not wait any more.
    """
    with transaction.atomic():
        lock_job(prediction.job_id)
        latest = _is_latest(prediction)
        # Unknown: this process slept longer than its lease, and somebody else has given the answer up. If
        # another call has been made since, this one's picture comes by rescue.
        if not change(
            prediction,
            PredictionState.SENDING,
            PredictionState.UNKNOWN,
            only={"provider_id": ""},
            state=PredictionState.RUNNING if latest else PredictionState.UNKNOWN,
            provider_id=provider_id,
            rescue_at=None if latest else timezone.now(),
            error_name="",
        ):
            return False
        record(prediction.job_id, "submitted", providerId=provider_id)
        return latest and move(
            prediction.job_id,
            Status.PROCESSING,
            progress=SUBMITTED_PROGRESS,
            expected_at=expected_at,
            next_check_at=next_check_at,
        )


def adopted(prediction: Prediction, *, provider_id: str) -> bool:
    """A webhook named the id that no answer brought. What it says is not believed, only asked about.

    A job that has given this call up, and may be making another one by now, gets its picture by rescue.
    """
    now = timezone.now()
    with transaction.atomic():
        lock_job(prediction.job_id)
        waits = _is_latest(prediction) and move(prediction.job_id, Status.PROCESSING, next_check_at=now)
        if not change(
            prediction,
            PredictionState.SENDING,
            PredictionState.UNKNOWN,
            only={"provider_id": ""},
            state=PredictionState.RUNNING if waits else PredictionState.UNKNOWN,
            provider_id=provider_id,
            rescue_at=None if waits else now,
            error_name="",
        ):
            return False
        record(prediction.job_id, "adopted", providerId=provider_id)
    return True


def unanswered(prediction: Prediction, *, error_name: str) -> bool:
    """Sent, or perhaps sent, and no id came back: the money may be spent."""
    with transaction.atomic():
        if not change(
            prediction, PredictionState.SENDING, state=PredictionState.UNKNOWN, error_name=error_name
        ):
            return False
        record(prediction.job_id, "prediction_unknown", error=error_name)
    return True


def rescue_later(prediction: Prediction, *, at: datetime | None) -> bool:
    """The job waits no more, the picture may come all the same: ask again at ``at``, None for never."""
    with transaction.atomic():
        return change(prediction, *OPEN, state=PredictionState.UNKNOWN, rescue_at=at)


def look_after(prediction: Prediction, *, at: datetime | None) -> bool:
    """The picture is paid for and its job failed: look after it at ``at``, None for no more."""
    return change(prediction, PredictionState.SUCCEEDED, rescue_at=at)


def kept(prediction: Prediction, *, key: str) -> bool:
    """Our own copy of the paid picture is stored under ``key``."""
    with transaction.atomic():
        if not change(prediction, PredictionState.SUCCEEDED, only={"kept": ""}, kept=key):
            return False
        record(prediction.job_id, "picture_kept", prediction=str(prediction.pk))
    return True


def succeeded(
    prediction: Prediction, *, output: str, credits_used: int, next_call: Prediction | None = None
) -> bool:
    """The picture exists at FASHN and is paid for. A next call takes over the slot; else it is free.

    Where the job does not wait for it (any more), it is looked after, at once.
    """
    now = timezone.now()
    with transaction.atomic():
        lock_job(prediction.job_id)
        if not change(
            prediction,
            PredictionState.RUNNING,
            PredictionState.UNKNOWN,
            state=PredictionState.SUCCEEDED,
            output=output,
            credits_used=credits_used,
            finished_at=now,
            rescue_at=None,
        ):
            return False
        record(prediction.job_id, "picture_ready", credits=credits_used)
        progress = {"progress": DOWNLOADING_PROGRESS} if next_call is None else {}
        waits = _is_latest(prediction) and move(
            prediction.job_id, Status.PROCESSING, next_check_at=now, **progress
        )
        if not waits:
            look_after(prediction, at=now)
        elif next_call is not None:
            next_call.save(force_insert=True)
    return True


def output_refused(prediction: Prediction, *, code: str) -> None:
    """The paid picture turned out not to be usable: a retry by a person has to pay for another."""
    with transaction.atomic():
        change(prediction, PredictionState.SUCCEEDED, output="", error_name=code, rescue_at=None)
        record(prediction.job_id, "picture_refused", code=code)


def dropped(prediction: Prediction, *, error_name: str) -> bool:
    """Reserved and not sent after all. False where somebody else has sent it meanwhile."""
    with transaction.atomic():
        if not change(
            prediction,
            PredictionState.RESERVED,
            state=PredictionState.FAILED,
            error_name=error_name,
            finished_at=timezone.now(),
        ):
            return False
        record(prediction.job_id, "prediction_failed", error=error_name)
    return True


def ended(prediction: Prediction, *, error_name: str, error_message: str = "") -> bool:
    """FASHN says: no picture, and free of charge."""
    with transaction.atomic():
        if not change(
            prediction,
            *OPEN,
            state=PredictionState.FAILED,
            error_name=error_name,
            error_message=error_message,
            finished_at=timezone.now(),
            rescue_at=None,
        ):
            return False
        record(prediction.job_id, "prediction_failed", error=error_name, message=error_message)
    return True


def _is_latest(prediction: Prediction) -> bool:
    return not Prediction.objects.filter(
        job_id=prediction.job_id, created_at__gt=prediction.created_at
    ).exists()


def change(
    prediction: Prediction,
    *allowed: PredictionState,
    only: dict[str, Any] | None = None,
    **changes: Any,
) -> bool:
    """Update the row if it is in an allowed state (and is as ``only`` says), and the object with it."""
    rows = Prediction.objects.filter(pk=prediction.pk, state__in=allowed, **(only or {}))
    if rows.update(**changes) != 1:
        return False
    for field, value in changes.items():
        setattr(prediction, field, value)
    return True
