"""Cleanup of results: the rows first, then the files."""

from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from config.core import clock
from config.core.storage import discard
from config.core.upkeep.runs import Batch
from results.models import TryOnResult
from results.selectors import results_expired, results_rejected
from results.services import results_remove
from tryon.engine import actions

# On S3 each file costs two calls, and the sweep waits for the batch to end.
BATCH: Final = 50


def expired_results(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove expired results. Their jobs stay."""
    return _remove(results_expired(clock.now()), cursor, reason="expired", dry_run=dry_run)


def rejected_results(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove results that a person rejected. Their jobs stay."""
    return _remove(results_rejected(), cursor, reason="rejected", dry_run=dry_run)


def _remove(results: QuerySet[TryOnResult], cursor: str, *, reason: str, dry_run: bool) -> Batch:
    """Remove a batch in order of ids, so that one stuck result does not block the others."""
    rows = results.filter(pk__gt=cursor) if cursor else results
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    removed = freed = 0
    if dry_run:
        removed = len(ids)
    else:
        with transaction.atomic():
            # Ask again under the lock: a person may have just approved a rejected result.
            chosen = list(results.filter(pk__in=ids).select_for_update())
            keys = results_remove(chosen)
            actions.note_removed_results((row.job_id for row in chosen), reason=reason)
        removed, freed = len(chosen), discard(*keys)
    cursor = str(ids[-1]) if len(ids) == BATCH else ""
    return Batch(cursor, looked_at=len(ids), removed=removed, freed_bytes=freed)
