"""RQ's tasks of a job, with their pages in RQ's dashboard."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django_rq.queues import get_queue_by_index
from redis import RedisError

MOST_TASKS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Task:
    """A task in RQ's hands: its name, its state, and its page in the dashboard."""

    name: str
    state: str
    address: str


def tasks_of(job_id: UUID) -> list[Task]:
    """Return RQ's tasks of a job, as far as RQ still knows them; none if Redis is away.

    It reads the newest names of each list only: a long queue must not hold the page.
    """
    found = []
    try:
        for index in range(len(settings.RQ_QUEUES)):
            queue = get_queue_by_index(index)
            lists = {
                "queued": queue,
                "started": queue.started_job_registry,
                "scheduled": queue.scheduled_job_registry,
                "failed": queue.failed_job_registry,
                "finished": queue.finished_job_registry,
            }
            for state, names in lists.items():
                # Cleaning a registry, as RQ does by default, is the workers' work.
                some = (
                    names.get_job_ids(0, MOST_TASKS)
                    if names is queue
                    else names.get_job_ids(0, MOST_TASKS, cleanup=False)
                )
                found += [
                    Task(name, state, task_address(index, name)) for name in some if str(job_id) in name
                ]
    except RedisError:
        return []
    return found


def task_address(queue_index: int, name: str) -> str:
    """Return a task's page in RQ's dashboard."""
    return reverse("admin:django_rq_job_detail", args=[queue_index, name])
