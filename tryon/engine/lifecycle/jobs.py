"""The changes of jobs. Each function takes one edge of the table."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from config.core import clock
from config.core.upkeep.counts import count
from tryon.accounts import counted_as
from tryon.engine.lifecycle.edges import JobEdge, PredictionEdge
from tryon.engine.lifecycle.events import record
from tryon.engine.lifecycle.transition import create, transition
from tryon.failures import FailureCode
from tryon.models import ERASED, EventKind, JobEvent, Lane, NewOwner, Prediction, TryOnJob
from tryon.selectors.predictions import RESCUED_CREDITS, RESCUED_PICTURES

STARTED_PROGRESS: Final = 5
DOWNLOADING_PROGRESS: Final = 95

# The fields of a job without a history.
FRESH: Final[dict[str, Any]] = {
    "progress": 0,
    "retry_count": 0,
    "not_before": None,
    "error_code": "",
    "error_message": "",
}
# A job that waits for nothing at FASHN.
IDLE: Final[dict[str, Any]] = {"next_check_at": None, "expected_at": None}
# A job that has ended.
OVER: Final[dict[str, Any]] = {**IDLE, "price": 0}


def lock_job(job_id: UUID) -> None:
    """Lock the job's row until the transaction ends.

    A change of a job and its prediction locks the job first. In the other order, the answer to a submission
    and its webhook deadlocked, and PostgreSQL aborted one. With ``no_key``, events and viewers, which only
    point at the job, can still be added.
    """
    TryOnJob.objects.select_for_update(no_key=True).filter(pk=job_id).exists()


def enqueue(job: TryOnJob) -> None:
    """Insert a new job into the queue. Raise TwinActive."""
    create(job, JobEdge.QUEUE, lane=job.lane, requester=job.requester)


def set_price(job: TryOnJob, *, price: int) -> bool:
    """Note the price of an active job that has none."""
    return transition(job, JobEdge.PRICE, data={"price": price}, only={"price": 0}, price=price)


def start(job: TryOnJob, prediction: Prediction | None = None, *, price: int = 0) -> bool:
    """Move a queued job to processing, and reserve a slot for its next prediction, if there is one.

    ``price`` is the price of the predictions after it.
    """
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
            price=price,
        ):
            return False
        if prediction is not None:
            create(prediction, PredictionEdge.RESERVE)
    return True


def inherit(job: TryOnJob, *, progress: int, next_check_at: datetime, price: int) -> bool:
    """Move a queued job to processing without a slot, because an earlier attempt has, or may have, paid."""
    return transition(
        job,
        JobEdge.INHERIT,
        progress=progress,
        price=price,
        started_at=clock.now(),
        not_before=None,
        next_check_at=next_check_at,
    )


def wait(job: TryOnJob, edge: JobEdge, *, progress: int, next_check_at: datetime, **data: Any) -> bool:
    """Keep the job in processing until ``next_check_at``. The edge says what the job waits for."""
    return transition(job, edge, data=data, progress=progress, next_check_at=next_check_at)


def wake(job_id: UUID) -> bool:
    """Make a job that waits for its next check due now."""
    now = clock.now()
    return transition(TryOnJob(pk=job_id), JobEdge.WAKE, only={"next_check_at__gt": now}, next_check_at=now)


def complete(job: TryOnJob) -> bool:
    """Complete a processing job. Call it in the transaction that adds the result's row."""
    with transaction.atomic():
        if not transition(job, JobEdge.COMPLETE, progress=100, completed_at=clock.now(), **OVER):
            return False
        latest = JobEvent.objects.filter(job=job, kind__in=[EventKind.REVIVED, EventKind.RETRIED]).last()
        if latest is not None and latest.kind == EventKind.REVIVED:
            record(job.pk, EventKind.RESCUED, **latest.data)
            # Count it with the completion itself: a rescue is rare, so nobody waits for the day's row.
            pictures, spent = (counted_as(job.account, name) for name in (RESCUED_PICTURES, RESCUED_CREDITS))
            count({pictures: 1, spent: int(latest.data.get("credits", 0))})
    return True


def fail(job: TryOnJob, *, code: FailureCode) -> bool:
    """Fail a processing job, for good or until a person retries it or its picture arrives late."""
    return transition(
        job, JobEdge.FAIL, data={"code": code}, error_code=code, error_message=str(code.label), **OVER
    )


def refuse(job: TryOnJob, *, code: FailureCode) -> bool:
    """Fail a queued job that can't be started."""
    return transition(
        job, JobEdge.REFUSE, data={"code": code}, error_code=code, error_message=str(code.label), **OVER
    )


def back_off(job: TryOnJob, *, until: datetime, code: str, counts: bool, price: int) -> bool:
    """Put a processing job back in the queue until ``until``. ``counts`` is False if it is not to blame."""
    return transition(
        job,
        JobEdge.BACK_OFF,
        data={"code": code, "until": until.isoformat(), "counts": counts},
        progress=0,
        retry_count=job.retry_count + int(counts),
        not_before=until,
        price=price,
        **IDLE,
    )


def requeue(
    job: TryOnJob, edge: JobEdge, *, price: int, new_owner: NewOwner | None = None, **data: Any
) -> bool:
    """Queue a failed job as if new: a person retries it, or an earlier step's picture has arrived late.

    A ``new_owner`` pays for the calls to come, and turns and limits count for them. Raise TwinActive.
    """
    changes = dict(FRESH)
    if new_owner is not None:
        changes |= {"requester": new_owner.requester, **new_owner.payer._asdict()}
        changes |= {"lane": new_owner.lane} if new_owner.lane else {}
    return transition(job, edge, only=_not_erased(job), data=data, price=price, **changes)


def resume_collecting(job: TryOnJob, edge: JobEdge, **data: Any) -> bool:
    """Move a job to processing to fetch its paid picture.

    It needs no slot, and no budget or pause stops it. Raise TwinActive.
    """
    now = clock.now()
    return transition(
        job,
        edge,
        only=_not_erased(job),
        data=data,
        progress=DOWNLOADING_PROGRESS,
        started_at=now,
        not_before=None,
        next_check_at=now,
        price=0,
        error_code="",
        error_message="",
    )


def hurry(job: TryOnJob) -> bool:
    """Move a batch's job to the interactive lane, because a shopper waits for it."""
    return transition(job, JobEdge.HURRY, only={"lane": Lane.BULK}, lane=Lane.INTERACTIVE)


def change_photo(job: TryOnJob, *, photo_id: UUID) -> bool:
    """Let the job go on with another copy of its product photo."""
    return transition(job, JobEdge.CHANGE_PHOTO, product_image_id=photo_id)


def pass_on(job: TryOnJob, *, to: str) -> bool:
    """Make another requester the job's own. Turns and limits count for them from now on."""
    return transition(job, JobEdge.PASS_ON, data={"to": to}, requester=to)


def erase(job: TryOnJob, *, by: str) -> bool:
    """Take an ended job its cache key, so that no request finds it and nothing revives it."""
    key = f"{ERASED}{job.pk.hex}"
    return transition(job, JobEdge.ERASE, data={"by": by}, cache_key=key)


def cancel(job: TryOnJob, *, by: str) -> bool:
    """Cancel an active job. Its prediction at FASHN runs on and may be charged."""
    return transition(job, JobEdge.CANCEL, data={"by": by}, **OVER)


def _not_erased(job: TryOnJob) -> dict[str, str]:
    """Return the condition that the job still makes the picture that it made when it was read."""
    return {"cache_key": job.cache_key}
