"""When Redis is away nobody works on jobs: then the request that asks for one moves it on itself."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Q

from config.core import clock
from tryon.engine import queue
from tryon.engine.advance import advance
from tryon.models import Status, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

# Workers are seldom later than this, so an ordinary poll never asks for Redis.
OVERDUE: Final = timedelta(seconds=5)


def advance_overdue(job: TryOnJob) -> bool:
    """Move a job on inside a request, if it is overdue because the queue is away. Returns whether it did.

    The job's lease lets one request do it at a time. With the queue there, a request never calls FASHN. One
    more job is moved on, the longest overdue: whoever asked for it may have left, and it holds a slot.
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
    except Exception:  # whatever is wrong with it, the caller asked for another job and gets an answer
        logger.exception("other_job_not_advanced", job_id=str(other.pk))
