"""Cleanup of old job events."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from config.core import clock
from config.core.upkeep.runs import Batch
from tryon.archive import months
from tryon.models import JobEvent
from tryon.selectors.jobs import events_of_finished_jobs

BATCH: Final = 1000


def old_events(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove events older than EVENT_TTL_DAYS. Events of active jobs and of rescues (counted) stay.

    On PostgreSQL they go by the month, once its last one is so old.
    """
    before = clock.now() - timedelta(days=settings.EVENT_TTL_DAYS)
    if months.are_used():
        return _old_months(before, dry_run=dry_run)
    rows = events_of_finished_jobs(before=before)
    if cursor:
        rows = rows.filter(pk__gt=int(cursor))
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not dry_run:
        JobEvent.objects.filter(pk__in=ids).delete()
    cursor = str(ids[-1]) if len(ids) == BATCH else ""
    return Batch(cursor, looked_at=len(ids), removed=len(ids))


def _old_months(before: datetime, *, dry_run: bool) -> Batch:
    if dry_run:
        number = sum(months.events_in(month) for month in months.months_over(before))
        notes: tuple[str, ...] = ()
    else:
        notes, number = months.drop_months(before)
    strays = months.delete_strays(before, dry_run=dry_run)
    more = strays == months.BATCH and not dry_run
    return Batch("more" if more else "", looked_at=number + strays, removed=number + strays, notes=notes)
