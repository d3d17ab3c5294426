"""Cleanup of jobs that ended long ago. Daily counts keep their cost and their feedback."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from config.core import clock
from config.core.snapshots import outdate_after_commit
from config.core.upkeep.counts import count
from config.core.upkeep.runs import Batch
from results.feedback import feedback_archive
from tryon.cleanup.signals import jobs_leaving
from tryon.models import Account, Prediction, TryOnJob
from tryon.selectors.jobs import jobs_over

BATCH: Final = 200
# The names of the counts that keep the history of the money, each followed by the model at FASHN.
CALLS: Final = "archived_calls"
CREDITS: Final = "archived_credits"


def old_jobs(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove jobs that ended JOB_TTL_DAYS ago and have no result, with their predictions and viewers.

    The paid calls and their credits go into the daily counts, each on the day of its submission. So does the
    feedback, on the day when it was given.
    """
    before = clock.now() - timedelta(days=settings.JOB_TTL_DAYS)
    rows = jobs_over(before=before).exclude(account=Account.TEST).order_by("pk")  # those go sooner
    if cursor:
        rows = rows.filter(pk__gt=cursor)
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    removed = len(ids) if dry_run else _remove(ids, before)
    return Batch(str(ids[-1]) if len(ids) == BATCH else "", looked_at=len(ids), removed=removed)


def _remove(ids: list[UUID], before: datetime) -> int:
    with transaction.atomic():
        # Lock the rows, so that a person's retry waits, and ask again.
        list(TryOnJob.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
        over = list(jobs_over(before=before).filter(pk__in=ids).values_list("pk", flat=True))
        _archive(over)
        feedback_archive(over)
        jobs_leaving.send(TryOnJob, job_ids=over)
        Prediction.objects.filter(job__in=over).delete()
        TryOnJob.objects.filter(pk__in=over).delete()
        outdate_after_commit(over)
    return len(over)


def _archive(job_ids: list[UUID]) -> None:
    """Add the cost of the jobs' predictions to the daily counts, in the transaction that removes them."""
    numbers: Counter[tuple[str, date]] = Counter()
    paid = Prediction.objects.filter(job__in=job_ids, credits_used__gt=0)
    for model, at, created_at, spent in paid.values_list(
        "model_name", "submitted_at", "created_at", "credits_used"
    ):
        day = (at or created_at).date()
        numbers[f"{CALLS} {model}"[:40], day] += 1
        numbers[f"{CREDITS} {model}"[:40], day] += spent
    for (name, day), number in numbers.items():
        count({name: number}, day=day)
