"""Cleanup of the keys of repeatable requests, with the answers that they keep."""

from typing import Any, Final

from config.core import clock
from config.core.http.idempotency.models import IdempotencyKey
from config.core.upkeep.runs import Batch

BATCH: Final = 1000


def old_idempotency_keys(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove keys that have ended. They counted no longer: a request may come with one as with a new key."""
    ended = IdempotencyKey.objects.filter(kept_until__lte=clock.now())
    if cursor:
        ended = ended.filter(pk__gt=cursor)
    ids = list(ended.order_by("pk").values_list("pk", flat=True)[:BATCH])
    removed = len(ids) if dry_run else ended.filter(pk__in=ids).delete()[0]
    return Batch(str(ids[-1]) if len(ids) == BATCH else "", looked_at=len(ids), removed=removed)
