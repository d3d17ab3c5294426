"""State changes of jobs.

Those that take the job itself are its lease's holder's: they fail once the lease is somebody else's, so a
worker that froze in mid-step can't overrule the one that took its place.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tryon.engine.lifecycle.events import record
from tryon.failures import message_for
from tryon.models import ACTIVE, JobEvent, Lane, Prediction, Status, TryOnJob

STARTED_PROGRESS: Final = 5
DOWNLOADING_PROGRESS: Final = 95


def lock_job(job_id: UUID) -> None:
    """Lock the job's row until the transaction ends.

    Whoever changes a job and its prediction takes the job first: the other way round, the answer to a
    submission and its webhook waited for each other, and PostgreSQL broke one off. ``no_key``: events and
    viewers, which only point at the job, are added all the same.
    """
    TryOnJob.objects.select_for_update(no_key=True).filter(pk=job_id).exists()


def start(job: TryOnJob, prediction: Prediction | None = None) -> bool:
    """Queued to processing, with the slot of the next paid call reserved, if there is one to make."""
    now = timezone.now()
    with transaction.atomic():
        if not move(
            job.pk,
            Status.QUEUED,
            status=Status.PROCESSING,
            progress=STARTED_PROGRESS,
            started_at=now,
            not_before=None,
            next_check_at=now,
        ):
            return False
        if prediction is not None:
            prediction.save(force_insert=True)
        record(job.pk, "started", model=prediction.model_name if prediction else "")
    return True


def wait(job: TryOnJob, *, progress: int, next_check_at: datetime, event: str, **data: Any) -> bool:
    """Still processing: look again at ``next_check_at``."""
    with transaction.atomic():
        if not move_held(job, progress=progress, next_check_at=next_check_at):
            return False
        record(job.pk, event, **data)
    return True


def wake(job_id: UUID) -> bool:
    """A job that waits for its next check is due now."""
    now = timezone.now()
    waiting = TryOnJob.objects.filter(pk=job_id, status=Status.PROCESSING, next_check_at__gt=now)
    return waiting.update(next_check_at=now, updated_at=now) == 1


def complete(job: TryOnJob) -> bool:
    """Processing to completed. Call it in the transaction that adds the result's row."""
    with transaction.atomic():
        if not move_held(
            job,
            status=Status.COMPLETED,
            progress=100,
            completed_at=timezone.now(),
            next_check_at=None,
            expected_at=None,
        ):
            return False
        record(job.pk, "completed")
        how = JobEvent.objects.filter(job=job, kind__in=["revived", "retried"]).last()
        if how is not None and how.kind == "revived":
            record(job.pk, "rescued", **how.data)
    return True


def fail(job: TryOnJob, *, code: str) -> bool:
    """Processing to failed, for good or until a person retries or the picture arrives after all."""
    with transaction.atomic():
        if not move_held(
            job,
            status=Status.FAILED,
            error_code=code,
            error_message=message_for(code),
            next_check_at=None,
            expected_at=None,
        ):
            return False
        record(job.pk, "failed", code=code)
    return True


def refuse(job: TryOnJob, *, code: str) -> bool:
    """Queued to failed: it can't even be started."""
    with transaction.atomic():
        if not move(
            job.pk, Status.QUEUED, status=Status.FAILED, error_code=code, error_message=message_for(code)
        ):
            return False
        record(job.pk, "failed", code=code)
    return True


def back_off(job: TryOnJob, *, until: datetime, code: str, counts: bool) -> bool:
    """Processing to queued, not before ``until``. ``counts`` is False where the job is not to blame."""
    with transaction.atomic():
        if not move_held(
            job,
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


def requeue(job_id: UUID, *, event: str, **data: Any) -> bool:
    """Failed to queued, as if new: a person retries, or an earlier step's picture has arrived late.

    Raises IntegrityError where an identical job is active.
    """
    with transaction.atomic():
        if not move(
            job_id,
            Status.FAILED,
            status=Status.QUEUED,
            progress=0,
            retry_count=0,
            not_before=None,
            error_code="",
            error_message="",
        ):
            return False
        record(job_id, event, **data)
    return True


def revive(job_id: UUID, *, event: str, **data: Any) -> bool:
    """Failed, or queued for another call, to processing: its picture is paid for and is fetched next.

    No slot, no budget and no pause stand in the way. Raises IntegrityError where an identical job is active.
    """
    now = timezone.now()
    with transaction.atomic():
        if not move(
            job_id,
            Status.FAILED,
            Status.QUEUED,
            status=Status.PROCESSING,
            progress=DOWNLOADING_PROGRESS,
            started_at=now,
            not_before=None,
            next_check_at=now,
            error_code="",
            error_message="",
        ):
            return False
        record(job_id, event, **data)
    return True


def hurry(job: TryOnJob) -> bool:
    """A shopper waits for a job of a batch: it leaves the batch's lane."""
    with transaction.atomic():
        bulk = TryOnJob.objects.filter(pk=job.pk, lane=Lane.BULK)
        if not bulk.update(lane=Lane.INTERACTIVE, updated_at=timezone.now()):
            return False
        record(job.pk, "hurried")
    return True


def cancel(job_id: UUID, *, by: str) -> bool:
    """Queued or processing to cancelled. What FASHN is working on runs on and may be charged."""
    with transaction.atomic():
        if not move(job_id, *ACTIVE, status=Status.CANCELED, next_check_at=None, expected_at=None):
            return False
        record(job_id, "canceled", by=by)
    return True


def move(job_id: UUID, *allowed: Status, **changes: Any) -> bool:
    """Update the job if its status is one of ``allowed``."""
    rows = TryOnJob.objects.filter(pk=job_id, status__in=allowed)
    return rows.update(updated_at=timezone.now(), **changes) == 1


def move_held(job: TryOnJob, **changes: Any) -> bool:
    """Update a processing job, if its lease is still as the caller knows it."""
    rows = TryOnJob.objects.filter(pk=job.pk, status=Status.PROCESSING, lease=job.lease)
    return rows.update(updated_at=timezone.now(), **changes) == 1
