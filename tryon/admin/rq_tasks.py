"""RQ's tasks and the try-on jobs that they move: from each to the page of the other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django_rq.queues import get_queue_by_index
from redis import RedisError
from rq.exceptions import DeserializationError

from tryon.models import Prediction, TryOnJob

MOST_TASKS: Final = 1_000
OF_JOBS: Final = ("tryon.tasks.advance_job", "tryon.tasks.advance_job_by_timer")
OF_PREDICTIONS: Final = "tryon.tasks.rescue_prediction"


@dataclass(frozen=True, slots=True)
class Task:
    """A task in RQ's hands: its name, its state, and its page in the dashboard."""

    name: str
    state: str
    address: str


def tasks_of(job: TryOnJob) -> list[Task]:
    """Return RQ's tasks of a job, as far as RQ still knows them; none if Redis is away.

    It reads the newest names of each list only: a long queue must not hold the page.
    """
    ids = [str(key) for key in (job.pk, *job.predictions.values_list("pk", flat=True))]
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
                    Task(name, state, task_address(index, name))
                    for name in some
                    if any(key in name for key in ids)
                ]
    except RedisError:
        return []
    return found


def task_address(queue_index: int, name: str) -> str:
    """Return a task's page in RQ's dashboard."""
    return reverse("admin:django_rq_job_detail", args=[queue_index, name])


def job_addresses(tasks: Iterable[Any]) -> dict[str, str]:
    """Return the pages of the try-on jobs that RQ's tasks move, by the names of the tasks.

    It takes one query, and none where no task is of a prediction.
    """
    found = [(task.id, *named) for task in tasks if (named := named_in(task))]
    rescued = [key for _name, function, key in found if function == OF_PREDICTIONS]
    jobs = dict(Prediction.objects.filter(pk__in=rescued).values_list("pk", "job_id")) if rescued else {}
    keys = {
        name: jobs.get(key) if function == OF_PREDICTIONS else key
        for name, function, key in found
        if function in (*OF_JOBS, OF_PREDICTIONS)
    }
    return {name: reverse("admin:tryon_tryonjob_change", args=[key]) for name, key in keys.items() if key}


def named_in(task: Any) -> tuple[str, UUID] | None:
    """Return a task's function and the row that it is about. None if it names no row."""
    try:
        return task.func_name, UUID(task.args[0])
    except (DeserializationError, ValueError, TypeError, IndexError, AttributeError):
        return None
