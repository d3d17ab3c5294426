"""What happens to jobs: each function takes one edge of the table."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from config.core import clock
from tryon.engine.lifecycle.edges import JobEdge, PredictionEdge
from tryon.engine.lifecycle.events import record
from tryon.engine.lifecycle.transition import create, transition
from tryon.failures import FailureCode
from tryon.models import EventKind, JobEvent, Lane, Prediction, TryOnJob

STARTED_PROGRESS: Final = 5
DOWNLOADING_PROGRESS: Final = 95

# The fields of a job that nothing has happened to yet.
FRESH: Final[dict[str, Any]] = {
    "progress": 0,
    "retry_count": 0,
    "not_before": None,
    "error_code": "",
    "error_message": "",
}
# A job that waits for nothing at FASHN.
IDLE: Final[dict[str, Any]] = {"next_check_at": None, "expected_at": None}


def lock_job(job_id: UUID) -> None:
    """Lock the job's row until the transaction ends.

    A change of a job and its prediction takes the job first: the other way round, the answer to a submission
    and its webhook waited for each other, and PostgreSQL broke one off. ``no_key``: events and viewers, which
    only point at the job, can still be added.
    """
    TryOnJob.objects.select_for_update(no_key=True).filter(pk=job_id).exists()


def enqueue(job: TryOnJob) -> None:
    """Insert a new job into the queue. Raises IntegrityError where an identical job is active."""
    create(job, JobEdge.QUEUE, lane=job.lane, requester=job.requester)


def start(job: TryOnJob, prediction: Prediction | None = None) -> bool:
    """Queued to processing, with the slot of the next paid call reserved, if there is one to make."""
    now = clock.now()
    with transaction.atomic():
        if not transition(
            job,
            JobEdge.START,
            data={"model": prediction.model_name if prediction else ""},
            progress=STARTED_PROGRESS,
            started_at=now,
            not_before=None,
            next_check_at=now,
        ):
            return False
        if prediction is not None:
            create(prediction, PredictionEdge.RESERVE)
    return True


def inherit(job: TryOnJob, *, progress: int, next_check_at: datetime, **data: Any) -> bool:
    """Queued to processing without a slot: an earlier attempt has paid, or may have, for what comes next."""
    return transition(
        job,
        JobEdge.INHERIT,
        data=data,
        progress=progress,
        started_at=clock.now(),
        not_before=None,
        next_check_at=next_check_at,
    )


def wait(job: TryOnJob, edge: JobEdge, *, progress: int, next_check_at: datetime, **data: Any) -> bool:
    """Still processing: look again at ``next_check_at``. The edge says what the job waits for."""
    return transition(job, edge, data=data, progress=progress, next_check_at=next_check_at)


def wake(job_id: UUID) -> bool:
    """A job that waits for its next check is due now."""
    now = clock.now()
    return transition(TryOnJob(pk=job_id), JobEdge.WAKE, only={"next_check_at__gt": now}, next_check_at=now)


def complete(job: TryOnJob) -> bool:
    """Processing to completed. Call it in the transaction that adds the result's row."""
    with transaction.atomic():
        if not transition(job, JobEdge.COMPLETE, progress=100, completed_at=clock.now(), **IDLE):
            return False
        latest = JobEvent.objects.filter(job=job, kind__in=[EventKind.REVIVED, EventKind.RETRIED]).last()
        if latest is not None and latest.kind == EventKind.REVIVED:
            record(job.pk, EventKind.RESCUED, **latest.data)
    return True


def fail(job: TryOnJob, *, code: FailureCode) -> bool:
    """Processing to failed, for good or until a person retries or the picture arrives late."""
    return transition(
        job, JobEdge.FAIL, data={"code": code}, error_code=code, error_message=str(code.label), **IDLE
    )


def refuse(job: TryOnJob, *, code: FailureCode) -> bool:
    """Queued to failed: it can't even be started."""
    return transition(
        job, JobEdge.REFUSE, data={"code": code}, error_code=code, error_message=str(code.label)
    )


def back_off(job: TryOnJob, *, until: datetime, code: str, counts: bool) -> bool:
    """Processing to queued, not before ``until``. ``counts`` is False where the job is not to blame."""
    return transition(
        job,
        JobEdge.BACK_OFF,
        data={"code": code, "until": until.isoformat(), "counts": counts},
        progress=0,
        retry_count=job.retry_count + int(counts),
        not_before=until,
        **IDLE,
    )


def requeue(job: TryOnJob, edge: JobEdge, **data: Any) -> bool:
    """Failed to queued, as if new: a person retries, or an earlier step's picture has arrived late.

    Raises IntegrityError where an identical job is active.
    """
    return transition(job, edge, data=data, **FRESH)


def resume_collecting(job: TryOnJob, edge: JobEdge, **data: Any) -> bool:
    """To processing: the job's picture is paid for and is fetched next.

    No slot, no budget and no pause stand in the way. Raises IntegrityError where an identical job is active.
    """
    now = clock.now()
    return transition(
        job,
        edge,
        data=data,
        progress=DOWNLOADING_PROGRESS,
        started_at=now,
        not_before=None,
        next_check_at=now,
        error_code="",
        error_message="",
    )


def hurry(job: TryOnJob) -> bool:
    """A shopper waits for a job of a batch: it leaves the batch's lane."""
    return transition(job, JobEdge.HURRY, only={"lane": Lane.BULK}, lane=Lane.INTERACTIVE)


def cancel(job: TryOnJob, *, by: str) -> bool:
    """Queued or processing to canceled. What FASHN is working on runs on and may be charged."""
    return transition(job, JobEdge.CANCEL, data={"by": by}, **IDLE)
