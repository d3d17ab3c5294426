"""Cleanup of jobs that ended long ago: first into the archive, then for good.

Daily counts keep their cost and their feedback.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from config.core import clock
from config.core.snapshots import outdate_after_commit
from config.core.upkeep.counts import count
from config.core.upkeep.runs import Batch
from results.feedback import feedback_archive
from tryon.archive.keeping import jobs_keep
from tryon.archive.models import ArchivedJob
from tryon.cleanup.signals import jobs_leaving
from tryon.models import Account, Prediction, TryOnJob
from tryon.selectors.jobs import jobs_over, jobs_to_archive

BATCH: Final = 200
# The names of the counts that keep the history of the money, each followed by the model at FASHN.
CALLS: Final = "archived_calls"
CREDITS: Final = "archived_credits"


def old_jobs(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove jobs that ended JOB_TTL_DAYS ago and have no result, with their predictions and viewers.

    The paid calls and their credits go into the daily counts, each on the day of its submission. So does the
    feedback, on the day when it was given.
    """
    return _step(jobs_over, settings.JOB_TTL_DAYS, cursor, dry_run=dry_run)


def archived_jobs(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Move jobs that ended JOB_ARCHIVE_DAYS ago and have no result to the archive.

    They leave their predictions, events, feedback and decisions behind, as ``old_jobs`` says.
    """
    return _step(jobs_to_archive, settings.JOB_ARCHIVE_DAYS, cursor, keep=jobs_keep, dry_run=dry_run)


def old_archived_jobs(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove archived jobs that ended JOB_TTL_DAYS ago."""
    rows = ArchivedJob.objects.filter(ended_at__lt=clock.now() - timedelta(days=settings.JOB_TTL_DAYS))
    rows = rows.filter(pk__gt=cursor) if cursor else rows
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not dry_run:
        ArchivedJob.objects.filter(pk__in=ids).delete()
    return Batch(str(ids[-1]) if len(ids) == BATCH else "", looked_at=len(ids), removed=len(ids))


def _step(
    jobs: Callable[..., QuerySet[TryOnJob]],
    days: int,
    cursor: str,
    *,
    keep: Callable[[list[UUID]], None] | None = None,
    dry_run: bool,
) -> Batch:
    """Remove a batch of the jobs that ended some days ago, after ``keep`` has seen them."""
    chosen = jobs(before=clock.now() - timedelta(days=days)).exclude(account=Account.TEST)  # those go sooner
    rows = chosen.filter(pk__gt=cursor) if cursor else chosen
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    removed = len(ids) if dry_run else _remove(ids, chosen, keep)
    return Batch(str(ids[-1]) if len(ids) == BATCH else "", looked_at=len(ids), removed=removed)


def _remove(ids: list[UUID], chosen: QuerySet[TryOnJob], keep: Callable[[list[UUID]], None] | None) -> int:
    with transaction.atomic():
        # Lock the rows, so that a person's retry waits, and ask again.
        list(TryOnJob.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
        over = list(chosen.filter(pk__in=ids).values_list("pk", flat=True))
        if keep is not None:
            keep(over)
        _count_calls(over)
        feedback_archive(over)
        jobs_leaving.send(TryOnJob, job_ids=over)
        Prediction.objects.filter(job__in=over).delete()
        TryOnJob.objects.filter(pk__in=over).delete()
        outdate_after_commit(over)
    return len(over)


def _count_calls(job_ids: list[UUID]) -> None:
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
