"""Cleanup of the audit log."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from config.core import clock
from config.core.upkeep.runs import Batch
from config.people.models import AuditEntry

BATCH: Final = 1000


def old_audit_entries(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove entries older than AUDIT_LOG_DAYS, the oldest first."""
    rows = AuditEntry.objects.filter(timestamp__lt=clock.now() - timedelta(days=settings.AUDIT_LOG_DAYS))
    if cursor:
        rows = rows.filter(pk__gt=int(cursor))
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not dry_run:
        AuditEntry.objects.filter(pk__in=ids).delete()
    return Batch(str(ids[-1]) if len(ids) == BATCH else "", looked_at=len(ids), removed=len(ids))
