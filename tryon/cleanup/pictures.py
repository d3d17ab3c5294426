"""Cleanup of our copies of paid pictures, which are useful until their job is completed or abandoned."""

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from config.core import clock
from config.core.storage import discard
from config.core.upkeep.runs import Batch
from tryon.engine import actions
from tryon.models import ACTIVE, Prediction, TryOnJob
from tryon.selectors.predictions import pictures_kept_in_vain

BATCH: Final = 200


def kept_pictures(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove copies whose job is completed, or failed or was canceled long enough ago to expire a result."""
    rows = pictures_kept_in_vain(before=clock.now() - timedelta(days=settings.RESULT_TTL_DAYS))
    if cursor:
        rows = rows.filter(pk__gt=cursor)
    predictions = list(rows.order_by("pk")[:BATCH])
    keys = [str(row.kept.name) for row in predictions] if dry_run else _let_go(predictions)
    freed = 0 if dry_run else discard(*keys)
    cursor = str(predictions[-1].pk) if len(predictions) == BATCH else ""
    return Batch(cursor, looked_at=len(predictions), removed=len(keys), freed_bytes=freed)


def _let_go(predictions: list[Prediction]) -> list[str]:
    """Forget the copies, except those of jobs that somebody is retrying. Return their keys."""
    with transaction.atomic():
        # Lock the jobs: a retry changes the job's row before it looks for paid pictures.
        jobs = TryOnJob.objects.filter(pk__in={row.job_id for row in predictions}).exclude(status__in=ACTIVE)
        resting = set(jobs.select_for_update(no_key=True).values_list("pk", flat=True))
        chosen = [row for row in predictions if row.job_id in resting]
        return actions.forget_copies(chosen)
