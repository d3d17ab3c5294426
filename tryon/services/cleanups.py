"""The cleanup tasks, for the people who watch them: their times, their last runs, and orders to run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q

from config.core import clock
from config.core.upkeep.installation import installation
from config.core.upkeep.models import CleanupPreview, CleanupRun
from config.core.upkeep.previews import preview_ask
from config.people import audit
from config.people.models import Decision
from tryon.cleanup import TASKS
from tryon.cleanup.timetable import next_time
from tryon.engine import queue


@dataclass(frozen=True, slots=True)
class CleanupTask:
    """A task: what it removes, when it runs next, its run under way, its last one, and the last dry run."""

    name: str
    help: Any
    next_at: datetime | None
    running: CleanupRun | None
    last: CleanupRun | None
    preview: CleanupPreview | None


def cleanup_tasks() -> list[CleanupTask]:
    """Return all tasks that cron runs, the next one first. It takes four queries."""
    now = clock.now()
    ended = CleanupRun.objects.filter(finished_at__isnull=False)
    newest = ended.order_by().values_list("task").annotate(Max("started_at"))
    same = Q(pk__in=[])
    for task, started_at in newest:
        same |= Q(task=task, started_at=started_at)
    last = {run.task: run for run in ended.filter(same)}
    running = {run.task: run for run in CleanupRun.objects.filter(finished_at=None)}
    previews = CleanupPreview.objects.in_bulk()
    found = [
        CleanupTask(
            name, task.help, next_time(name, now), running.get(name), last.get(name), previews.get(name)
        )
        for name, task in TASKS.items()
    ]
    return sorted(found, key=lambda task: (task.next_at or now, task.name))


def is_cleanup_task(name: str) -> bool:
    """Return whether there is a task of this name."""
    return name in TASKS


def cleanup_run(name: str) -> bool:
    """Have a worker run a task now. Return False if Redis takes no tasks."""
    if queue.is_away():
        return False
    queue.enqueue_cleanup(name)
    audit.note(None, installation(), Decision.CLEAN, task=name)
    return True


def cleanup_preview(name: str) -> bool:
    """Have a worker count what a task would remove. Return False if Redis takes no tasks."""
    if queue.is_away():
        return False
    preview_ask(name)
    queue.enqueue_preview(name)
    return True
