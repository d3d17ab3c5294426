"""Cleanup of what test keys make: it goes a day after it came."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from config.core import clock
from config.core.snapshots import outdate_after_commit
from config.core.storage import discard
from config.core.upkeep.runs import Batch
from results.models import TryOnResult
from results.services import results_remove
from tryon.cleanup.signals import jobs_leaving
from tryon.cleanup.uploads import remove_unused
from tryon.engine import actions, governor
from tryon.models import Account, Prediction, ProductImage, TryOnJob

TTL: Final = timedelta(hours=24)
# On S3 each file costs two calls, and the sweep waits for the batch to end.
BATCH: Final = 50


def test_jobs(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove the jobs of test keys, also those under way, with their results and their feedback."""
    rows = TryOnJob.objects.filter(account=Account.TEST, created_at__lt=clock.now() - TTL).order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=cursor)
    ids = list(rows.values_list("pk", flat=True)[:BATCH])
    found = [] if dry_run else [keys for job_id in ids if (keys := _remove(job_id)) is not None]
    removed = len(ids) if dry_run else len(found)
    freed = discard(*(key for keys in found for key in keys))
    return Batch(str(ids[-1]) if len(ids) == BATCH else "", len(ids), removed, freed)


def test_uploads(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove the photos of test keys, once their jobs have gone."""
    unused = ProductImage.objects.filter(is_test=True, created_at__lt=clock.now() - TTL)
    return remove_unused(unused.filter(jobs=None, viewers=None), cursor, dry_run=dry_run)


def _remove(job_id: UUID) -> list[str] | None:
    """Remove a job and all that it made. Return the keys of its files, None if a worker moves it now."""
    with transaction.atomic():
        governor.lock(Account.TEST)  # before the job, as everywhere
        job = TryOnJob(pk=job_id)
        actions.lock(job)
        free = TryOnJob.objects.filter(Q(lease=None) | Q(lease_until__lt=clock.now()), pk=job_id)
        if not free.exists():
            return None
        keys = results_remove(list(TryOnResult.objects.filter(job=job).select_for_update()))
        jobs_leaving.send(TryOnJob, job_ids=[job_id])
        calls = Prediction.objects.filter(job=job)
        keys += [str(call.kept.name) for call in calls.exclude(kept="")]
        calls.delete()
        free.delete()
        outdate_after_commit([job_id])
    return keys
