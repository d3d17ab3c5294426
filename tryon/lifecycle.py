"""Every change of a job's state, and of its predictions'.

Each is one conditional UPDATE plus an event, in one short transaction. False means that somebody else
was first: the caller stops quietly.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tryon.failures import message_for
from tryon.models import (
    IN_FLIGHT,
    JobEvent,
    Prediction,
    PredictionState,
    Status,
    TryOnJob,
)

STARTED_PROGRESS: Final = 5
SUBMITTED_PROGRESS: Final = 10
DOWNLOADING_PROGRESS: Final = 95


def record(job_id: UUID, kind: str, **data: Any) -> None:
    """Write an event. ``data`` holds JSON values, and never an address or a key."""
    JobEvent.objects.create(job_id=job_id, kind=kind, data=data)


def start(job: TryOnJob, prediction: Prediction | None = None) -> bool:
    """Queued to processing, with the slot of the next paid call reserved, if there is one to make."""
    now = timezone.now()
    with transaction.atomic():
        if not _move(
            job.pk,
            Status.QUEUED,
            status=Status.PROCESSING,
            progress=STARTED_PROGRESS,
            started_at=now,
            not_before=None,
            next_check_at=now,
            error_code="",
            error_message="",
        ):
            return False
        if prediction is not None:
            prediction.save(force_insert=True)
        record(job.pk, "started", model=prediction.model_name if prediction else "")
    return True


def sending(prediction: Prediction) -> bool:
    """The unsafe window opens: committed before the first byte leaves, so a killed worker is noticed."""
    with transaction.atomic():
        if not _move_prediction(
            prediction, PredictionState.RESERVED, state=PredictionState.SENDING, submitted_at=timezone.now()
        ):
            return False
        record(prediction.job_id, "submitting", prediction=str(prediction.pk))
    return True


def running(
    prediction: Prediction, *, provider_id: str, expected_at: datetime, next_check_at: datetime
) -> bool:
    """The unsafe window closes: FASHN gave an id."""
    with transaction.atomic():
        if not _move_prediction(
            prediction, PredictionState.SENDING, state=PredictionState.RUNNING, provider_id=provider_id
        ):
            return False
        _move(
            prediction.job_id,
            Status.PROCESSING,
            progress=SUBMITTED_PROGRESS,
            expected_at=expected_at,
            next_check_at=next_check_at,
        )
        record(prediction.job_id, "submitted", providerId=provider_id)
    return True


def checked(job_id: UUID, *, progress: int, next_check_at: datetime, provider_status: str) -> bool:
    """FASHN is still at it, or could not say."""
    with transaction.atomic():
        if not _move(job_id, Status.PROCESSING, progress=progress, next_check_at=next_check_at):
            return False
        record(job_id, "checked", providerStatus=provider_status)
    return True


def prediction_succeeded(
    prediction: Prediction, *, output: str, credits_used: int, next_step: str = ""
) -> bool:
    """The picture exists at FASHN and is paid for. A next step takes over the slot; else it is free."""
    with transaction.atomic():
        if not _move_prediction(
            prediction,
            PredictionState.RUNNING,
            state=PredictionState.SUCCEEDED,
            output=output,
            credits_used=credits_used,
            finished_at=timezone.now(),
        ):
            return False
        record(prediction.job_id, "picture_ready", credits=credits_used)
        if not next_step:
            _move(prediction.job_id, Status.PROCESSING, progress=DOWNLOADING_PROGRESS)
            return True
        Prediction.objects.create(
            job_id=prediction.job_id, step=prediction.step + 1, model_name=next_step, speed=prediction.speed
        )
    return True


def output_refused(prediction: Prediction, *, code: str) -> None:
    """The paid picture turned out not to be usable: a retry by a person has to pay for another."""
    with transaction.atomic():
        _move_prediction(prediction, PredictionState.SUCCEEDED, output="", error_name=code)
        record(prediction.job_id, "picture_refused", code=code)


def prediction_ended(
    prediction: Prediction, *, state: PredictionState, error_name: str, error_message: str = ""
) -> bool:
    """A call that brought no picture: ``failed`` is free of charge, ``unknown`` may have been paid."""
    with transaction.atomic():
        if not _move_prediction(
            prediction,
            *IN_FLIGHT,
            state=state,
            error_name=error_name,
            error_message=error_message,
            finished_at=timezone.now(),
        ):
            return False
        record(prediction.job_id, f"prediction_{state}", error=error_name, message=error_message)
    return True


def complete(job_id: UUID) -> bool:
    """Processing to completed. Call it in the transaction that adds the result's row."""
    with transaction.atomic():
        if not _move(
            job_id,
            Status.PROCESSING,
            status=Status.COMPLETED,
            progress=100,
            completed_at=timezone.now(),
            next_check_at=None,
            expected_at=None,
        ):
            return False
        record(job_id, "completed")
    return True


def fail(job_id: UUID, *, code: str) -> bool:
    """Processing to failed, for good or until a person retries."""
    with transaction.atomic():
        if not _move(
            job_id,
            Status.PROCESSING,
            status=Status.FAILED,
            error_code=code,
            error_message=message_for(code),
            next_check_at=None,
            expected_at=None,
        ):
            return False
        record(job_id, "failed", code=code)
    return True


def back_off(job: TryOnJob, *, until: datetime, code: str, counts: bool) -> bool:
    """Processing to queued, not before ``until``. ``counts`` is False where the job is not to blame."""
    with transaction.atomic():
        if not _move(
            job.pk,
            Status.PROCESSING,
            status=Status.QUEUED,
            progress=0,
            retry_count=job.retry_count + int(counts),
            not_before=until,
            next_check_at=None,
            expected_at=None,
        ):
            return False
        record(job.pk, "backed_off", code=code, until=until.isoformat(), counts=counts)
    return True


def _move(job_id: UUID, *allowed: Status, **changes: Any) -> bool:
    rows = TryOnJob.objects.filter(pk=job_id, status__in=allowed)
    return rows.update(updated_at=timezone.now(), **changes) == 1


def _move_prediction(prediction: Prediction, *allowed: PredictionState, **changes: Any) -> bool:
    """Update the row if it is in an allowed state, and the object with it."""
    if Prediction.objects.filter(pk=prediction.pk, state__in=allowed).update(**changes) != 1:
        return False
    for field, value in changes.items():
        setattr(prediction, field, value)
    return True
