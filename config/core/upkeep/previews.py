"""Dry runs of cleanup tasks for people: a worker counts in batches what a task would remove."""

import time

from config.core import clock
from config.core.errors import DomainError
from config.core.upkeep.models import CleanupPreview
from config.core.upkeep.runs import MAX_NOTES, REFUSED, CleanupRefused, Work


def preview_ask(task: str) -> None:
    """Begin a dry run of a task, in place of the last one."""
    fresh = CleanupPreview(task=task)
    values = {field.name: getattr(fresh, field.name) for field in CleanupPreview._meta.fields}
    CleanupPreview.objects.update_or_create(task=task, defaults=values)


def preview_continue(task: str, work: Work, *, max_seconds: float) -> bool:
    """Count for a while. Return whether there is more to count. ``work`` removes nothing."""
    deadline = time.monotonic() + max_seconds
    while True:
        row = CleanupPreview.objects.filter(task=task, ended_at=None).first()
        if row is None or not _count(row, work):
            return False
        if time.monotonic() > deadline:
            return True


def _count(row: CleanupPreview, work: Work) -> bool:
    """Count one batch. Return whether another one follows, and it is ours to count."""
    mine = CleanupPreview.objects.filter(
        task=row.task, asked_at=row.asked_at, cursor=row.cursor, ended_at=None
    )
    try:
        batch = work(row.cursor, row.tally)
    except CleanupRefused as error:
        mine.update(ended_at=clock.now(), problem=REFUSED, notes=[*row.notes, str(error)][:MAX_NOTES])
        return False
    except DomainError as error:
        mine.update(ended_at=clock.now(), problem=error.code)
        return False
    noted = mine.update(
        cursor=batch.cursor,
        tally=batch.tally,
        ended_at=None if batch.cursor else clock.now(),
        looked_at=row.looked_at + batch.looked_at,
        removed=row.removed + batch.removed,
        freed_bytes=row.freed_bytes + batch.freed_bytes,
        notes=[*row.notes, *batch.notes][:MAX_NOTES],
    )
    return bool(noted and batch.cursor)
