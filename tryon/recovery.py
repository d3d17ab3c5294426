"""The sweep: finds what no task holds any more, such as after Redis was emptied or a worker was killed."""

from datetime import timedelta
from typing import Final

import structlog
from django.db.models import Q
from django.utils import timezone

from tryon import queue
from tryon.advance import dispatch
from tryon.models import Status, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

# A check that is this late has no timer left.
LATE: Final = timedelta(seconds=10)
BATCH: Final = 1000


def sweep() -> int:
    """Start what waits for a slot, and enqueue the processing jobs that nobody is going to call.

    Returns how many of those there were.
    """
    dispatch()
    now = timezone.now()
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
    return len(forgotten)
