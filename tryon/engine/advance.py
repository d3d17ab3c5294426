"""The step function. It moves a job as far as possible now, and returns when the job has to wait.

Anyone may call ``advance`` at any time: a worker, the webhook, a timer, the sweep, an operator. A short lease
lets one caller work, and the others return at once.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from config.core import clock
from tryon.accounts import accounts_of, queues
from tryon.engine import governor, lifecycle, queue, steps
from tryon.engine.leases import leased
from tryon.failures import FailureCode
from tryon.fashn.options import OptionError
from tryon.models import ACTIVE, IN_FLIGHT, Prediction, PredictionState, Status, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

# RQ's scheduler ticks on whole seconds and may fire a timer 0.7 s early, which is near enough.
EARLY: Final = timedelta(seconds=1)


def advance(job_id: UUID) -> None:
    """Move a job on. Do nothing if it has ended, has to wait, or another process holds its lease."""
    waiting_in = TryOnJob.objects.filter(pk=job_id, status=Status.QUEUED).values_list("account", flat=True)
    for queue_name in waiting_in:
        dispatch(queue_name, but=job_id)
    with leased(job_id) as job:
        if job is not None and job.status == Status.PROCESSING:
            _move_on_or_abandon(job)
    if job is not None:
        _hand_over(job_id)
        dispatch(job.account)


def seconds_early(job_id: UUID) -> float:
    """Return how long the job's next check, or the end of its back-off, is still to come; 0 for none.

    RQ's timers go by the clocks of two hosts: the one that sets them and the one that looks.
    """
    times = TryOnJob.objects.filter(pk=job_id, status__in=ACTIVE).values_list("next_check_at", "not_before")
    due = next((check or back_off for check, back_off in times), None)
    early = timedelta() if due is None else due - clock.now()
    return early.total_seconds() if early > EARLY else 0.0


def dispatch_all() -> None:
    """Start the jobs that get a slot, of each queue in turn."""
    for queue_name in queues():
        dispatch(queue_name)


def dispatch(queue_name: str, *, but: UUID | None = None) -> int:
    """Start the jobs of a queue that get a slot on one of its accounts, and hand them to workers.

    ``but`` is the caller's own job, which needs no worker. Return the number of started jobs.
    """
    ready = [account for account in accounts_of(queue_name) if governor.dispatchable(account)]
    if not ready:
        return 0
    with transaction.atomic():
        # One dispatch of a queue at a time: its budgets are for all accounts together.
        governor.lock(queue_name)
        # A healthy account first: one that fails has the fewest in flight. Then the one with the most room.
        order = sorted(
            ready, key=lambda account: (governor.is_unwell(account), governor.slots_taken(account))
        )
        started = [job for account in order for job in _start_on(account)]
    for job in started:
        if job.pk != but:
            queue.enqueue_advance(job.pk)
    room_at = [at for account in ready if (at := governor.next_run_at(account, clock.now())) is not None]
    if started and room_at:
        queue.enqueue_dispatch(at=min(room_at))
    return len(started)


def _start_on(account: str) -> list[TryOnJob]:
    """Start the jobs that get a slot on the account. It needs the lock of its queue."""
    state = governor.lock(account)
    if governor.is_budgeted(state):
        steps.price_jobs(account)
    return [job for job in governor.next_jobs(state) if steps.start(job, account)]


def _move_on_or_abandon(job: TryOnJob) -> None:
    """Move a job on, or abandon it if this release can't read its options: it would only keep its slot."""
    try:
        _move_on(job)
    except OptionError:
        logger.exception("job_not_readable")
        steps.abandon(job)


def _move_on(job: TryOnJob) -> None:
    if job.next_check_at is not None and job.next_check_at > clock.now() + EARLY:
        return
    calls = job.predictions.order_by("-created_at")
    prediction = calls.filter(state__in=IN_FLIGHT).first() or calls.first()
    if prediction is None:
        raise RuntimeError(f"processing job {job.pk} has no prediction")
    match prediction.state:
        case PredictionState.RESERVED:
            steps.submit(job, prediction)
        case PredictionState.SENDING:
            # We hold the lease, so the sender is gone, and nobody knows if FASHN got the request.
            steps.lose_submission(job, prediction, cause="worker_gone")
        case PredictionState.RUNNING:
            steps.check(job, prediction)
            # An idle slot at FASHN costs more than a moment here, so the next job is submitted before this
            # picture is fetched. This job is due, so it is handed over and follows.
            if prediction.state == PredictionState.SUCCEEDED and not dispatch(job.account):
                _collect(job)
        case _:
            if not _collect(job):
                _decide(job, prediction)


def _collect(job: TryOnJob) -> bool:
    """Fetch the job's picture. Return False if no picture is paid for."""
    picture = steps.paid_picture(job)
    if picture is not None:
        steps.collect(job, picture)
    return picture is not None


def _decide(job: TryOnJob, prediction: Prediction) -> None:
    """Decide on a job whose latest prediction has ended without a picture to fetch."""
    # A job that has begun to fetch a picture, such as a late one, does not pay for another by itself.
    fetching = job.progress == lifecycle.DOWNLOADING_PROGRESS
    match prediction.state:
        case PredictionState.UNKNOWN:
            steps.give_up_waiting(job, prediction)
        case PredictionState.FAILED:
            if fetching:
                steps.fail(job, prediction, FailureCode.PROVIDER_ERROR)
            else:
                # A worker ended between noting the refusal and deciding on it. The job is not to blame.
                steps.back_off(job, code=FailureCode.PROVIDER_ERROR, seconds=0, counts=False)
        case _:
            steps.fail(job, prediction, FailureCode.RESULT_NOT_USABLE)


def _hand_over(job_id: UUID) -> None:
    """Call another worker if the job is due: one that came while we held the lease has left again."""
    due = TryOnJob.objects.filter(pk=job_id, status=Status.PROCESSING, next_check_at__lte=clock.now())
    if due.exists():
        queue.enqueue_advance(job_id)
