"""The fallback without Redis: no worker runs then, so a request about a job advances that job itself."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Q

from config.core import clock
from tryon.engine import queue
from tryon.engine.advance import advance
from tryon.models import Status, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

# Workers are seldom later than this, so an ordinary poll never checks Redis.
OVERDUE: Final = timedelta(seconds=5)


def advance_overdue(job: TryOnJob) -> bool:
    """Advance a job inside a request, if it is overdue because the queue is away. Return whether it did.

    The lease lets one request at a time do this. While the queue works, a request never calls FASHN. The
    longest overdue job is advanced too: its requester may have left, and it holds a slot.
    """
    now = clock.now()
    due_since = {
        Status.QUEUED: job.not_before or job.updated_at,
        Status.PROCESSING: job.next_check_at,
    }.get(Status(job.status))
    if due_since is None or due_since > now - OVERDUE or not queue.is_away():
        return False
    logger.warning("advanced_by_request", job_id=str(job.pk))
    advance(job.pk)
    _advance_another(job, now)
    return True


def _advance_another(job: TryOnJob, now: datetime) -> None:
    free = Q(lease=None) | Q(lease_until__lt=now)
    overdue = TryOnJob.objects.filter(free, status=Status.PROCESSING, next_check_at__lt=now - OVERDUE)
    other = overdue.exclude(pk=job.pk).order_by("next_check_at").first()
    if other is None:
        return
    try:
        advance(other.pk)
    except Exception:  # the caller asked for another job and still gets an answer
        logger.exception("other_job_not_advanced", job_id=str(other.pk))
