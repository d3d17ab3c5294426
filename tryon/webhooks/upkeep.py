"""Cleanup of old events. Their deliveries and the log of these go with them, in the database."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from config.core import clock
from config.core.upkeep.runs import Batch
from tryon.webhooks.models import WebhookEvent

BATCH: Final = 1000


def old_webhook_events(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove events older than WEBHOOK_LOG_DAYS, also those that a disabled endpoint has not got."""
    before = clock.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS)
    old = WebhookEvent.objects.filter(created_at__lt=before)
    if dry_run:
        number = old.count()
        return Batch("", looked_at=number, removed=number)
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:BATCH])
    WebhookEvent.objects.filter(pk__in=ids).delete()
    return Batch("next" if len(ids) == BATCH else "", looked_at=len(ids), removed=len(ids))
