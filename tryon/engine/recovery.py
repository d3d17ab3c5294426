"""The sweep. It finds work that no task holds, for example after a worker was killed or Redis emptied."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Q

from config.core import clock
from tryon.accounts import accounts, queue_of
from tryon.engine import governor, queue, steps
from tryon.engine.advance import dispatch, dispatch_all
from tryon.engine.provider import credits_left
from tryon.fashn.errors import FashnError
from tryon.fashn.inputs import MOST_STEPS
from tryon.models import IN_FLIGHT, Prediction, Status, TryOnJob
from tryon.selectors.predictions import predictions_to_rescue

logger = structlog.stdlib.get_logger(__name__)

# A check that is this late has lost its timer.
LATE: Final = timedelta(seconds=10)
# This is longer than any step. A prediction that is still open then has lost its job.
ORPHANED: Final = timedelta(minutes=5)
BATCH: Final = 1000
RESCUES: Final = 20


def sweep() -> None:
    """Look after everything that waits. A part that raises does not stop the others.

    Raise an ExceptionGroup of the errors at the end.
    """
    errors: list[Exception] = []
    for part in (probe, _release_orphans, _abandon_stuck, dispatch_all, _enqueue_rescues, _enqueue_forgotten):
        try:
            part()
        except Exception as error:  # noqa: BLE001  (raised below)
            errors.append(error)
    if errors:
        raise ExceptionGroup("sweep", errors)


def probe() -> None:
    """Ask FASHN, while an account takes nothing, if there are credits and the key is good. Resume if so.

    The question is free. A job tries only after an answer.
    """
    for account in accounts():
        if governor.claim_probe(account):
            _probe(account)


def _probe(account: str) -> None:
    try:
        told = credits_left(account)
    except FashnError as error:
        logger.warning("probe_failed", account=account, code=error.code)
        if isinstance(error, steps.FASHN_IS_ILL) and governor.current(account).open_until is not None:
            _ask_again(governor.submission_failed(account))
        return
    governor.probe_answered(account, told)
    dispatch(queue_of(account))


def _ask_again(at: datetime | None) -> None:
    if at is not None:
        queue.enqueue_probe(at=at)


def _enqueue_forgotten() -> None:
    now = clock.now()
    forgotten = list(
        TryOnJob.objects.filter(
            Q(lease=None) | Q(lease_until__lt=now), status=Status.PROCESSING, next_check_at__lt=now - LATE
        )
        .order_by("next_check_at")
        .values_list("pk", flat=True)[:BATCH]
    )
    for job_id in forgotten:
        queue.enqueue_advance(job_id)
    if forgotten:
        logger.warning("jobs_found_without_a_task", number=len(forgotten))


def _enqueue_rescues() -> None:
    due = predictions_to_rescue(clock.now()).order_by("rescue_at")
    for prediction_id in due.values_list("pk", flat=True)[:RESCUES]:
        queue.enqueue_rescue(prediction_id)


def _release_orphans() -> None:
    """Release predictions that hold a slot after the end of their job, for example after a cancellation."""
    orphans = Prediction.objects.filter(state__in=IN_FLIGHT, created_at__lt=clock.now() - ORPHANED).exclude(
        job__status=Status.PROCESSING
    )
    for prediction in orphans[:BATCH]:
        steps.release(prediction)


def _abandon_stuck() -> None:
    """Fail jobs that are stuck well past the deadlines of all their predictions and of the picture."""
    deadlines = (MOST_STEPS + 1) * timedelta(seconds=settings.JOB_DEADLINE_SECONDS)
    limit = clock.now() - deadlines - 2 * ORPHANED
    for job in TryOnJob.objects.filter(status=Status.PROCESSING, started_at__lt=limit)[:BATCH]:
        steps.abandon(job)
