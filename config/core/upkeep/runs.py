"""Run cleanup tasks in batches, one run of a task at a time. A run goes on where the last one ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F

from config.core import clock
from config.core.constraints import violates
from config.core.errors import DomainError
from config.core.upkeep.models import CleanupRun

logger = structlog.stdlib.get_logger(__name__)

# Longer than any batch takes: a run without a sign of life for this time was killed.
SILENT: Final = timedelta(minutes=5)
MAX_NOTES: Final = 50
REFUSED: Final = "cleanup_refused"
INTERRUPTED: Final = "interrupted"
RUNS_ARE_KEPT: Final = timedelta(days=90)


class CleanupRefused(Exception):
    """The task wants a person's decision before it removes anything. The text gives the reason."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The outcome of one batch. ``cursor`` is the start of the next one, and empty after the last one.

    ``notes`` tell a person what was found. The next batch gets ``tally``, also after a restart.
    """

    cursor: str
    looked_at: int = 0
    removed: int = 0
    freed_bytes: int = 0
    notes: tuple[str, ...] = ()
    tally: dict[str, Any] = field(default_factory=dict)


type Work = Callable[[str, dict[str, Any]], Batch]
"""A task. It takes a cursor and a tally, both empty at first, and removes one batch."""


def run(task: str, work: Work, *, max_seconds: float) -> CleanupRun | None:
    """Run a task to its end, or for ``max_seconds``. Return None when another run of it is under way.

    An expected error of the task is saved as the run's problem. An unexpected one is raised, and the next run
    goes on from the last batch.
    """
    claimed = _claim(task)
    if claimed is None:
        return None
    deadline = time.monotonic() + max_seconds
    problem = ""
    try:
        while _note(claimed, work(claimed.cursor, claimed.tally)):
            if not claimed.cursor or time.monotonic() > deadline:
                break
    except CleanupRefused as error:
        # A person decides; after that the task starts from the beginning.
        _note(claimed, Batch(cursor="", notes=(str(error),)))
        problem = REFUSED
    except DomainError as error:
        problem = error.code
    _finish(claimed, problem)
    return claimed


def preview(work: Work) -> Batch:
    """Return the sum of all batches of a task that removes nothing."""
    seen = Batch(cursor="")
    cursor, tally = "", dict[str, Any]()
    while True:
        batch = work(cursor, tally)
        cursor, tally = batch.cursor, batch.tally
        seen = Batch(
            cursor="",
            looked_at=seen.looked_at + batch.looked_at,
            removed=seen.removed + batch.removed,
            freed_bytes=seen.freed_bytes + batch.freed_bytes,
            notes=(*seen.notes, *batch.notes)[:MAX_NOTES],
            tally=tally,
        )
        if not cursor:
            return seen


def _claim(task: str) -> CleanupRun | None:
    """Start the one run of the task. Close a run that was killed, and go on from its place."""
    now = clock.now()
    with transaction.atomic():
        CleanupRun.objects.filter(task=task, started_at__lt=now - RUNS_ARE_KEPT).delete()
        CleanupRun.objects.filter(task=task, finished_at=None, heartbeat_at__lt=now - SILENT).update(
            finished_at=now, problem=INTERRUPTED
        )
        last = CleanupRun.objects.filter(task=task).order_by("-started_at").first()
        goes_on = last is not None and last.finished_at is not None and last.cursor
        try:
            with transaction.atomic():
                return CleanupRun.objects.create(
                    task=task,
                    cursor=last.cursor if last and goes_on else "",
                    tally=last.tally if last and goes_on else {},
                )
        except IntegrityError as error:
            if not violates(error, CleanupRun, "cleanup_one_run_per_task"):
                raise
            return None


def _note(claimed: CleanupRun, batch: Batch) -> bool:
    """Save a batch. Return False when another process has closed the run as dead."""
    claimed.cursor, claimed.tally = batch.cursor, batch.tally
    claimed.notes = [*claimed.notes, *batch.notes][:MAX_NOTES]
    mine = CleanupRun.objects.filter(pk=claimed.pk, finished_at=None)
    return (
        mine.update(
            heartbeat_at=clock.now(),
            cursor=claimed.cursor,
            tally=claimed.tally,
            notes=claimed.notes,
            looked_at=F("looked_at") + batch.looked_at,
            removed=F("removed") + batch.removed,
            freed_bytes=F("freed_bytes") + batch.freed_bytes,
        )
        == 1
    )


def _finish(claimed: CleanupRun, problem: str) -> None:
    CleanupRun.objects.filter(pk=claimed.pk, finished_at=None).update(
        finished_at=clock.now(), problem=problem
    )
    claimed.refresh_from_db()
    log = logger.error if problem else logger.info
    log(
        "cleanup_finished",
        task=claimed.task,
        removed=claimed.removed,
        freed_bytes=claimed.freed_bytes,
        problem=problem,
        left_for_later=bool(claimed.cursor),
    )
