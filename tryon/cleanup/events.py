"""Cleanup of old job events."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from config.core import clock
from config.core.upkeep.runs import Batch
from tryon.models import JobEvent
from tryon.selectors.jobs import events_of_finished_jobs

BATCH: Final = 1000


def old_events(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove events older than EVENT_TTL_DAYS. Events of active jobs and of rescues (counted) stay."""
    rows = events_of_finished_jobs(before=clock.now() - timedelta(days=settings.EVENT_TTL_DAYS))
    if cursor:
        rows = rows.filter(pk__gt=int(cursor))
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not dry_run:
        JobEvent.objects.filter(pk__in=ids).delete()
    cursor = str(ids[-1]) if len(ids) == BATCH else ""
    return Batch(cursor, looked_at=len(ids), removed=len(ids))
