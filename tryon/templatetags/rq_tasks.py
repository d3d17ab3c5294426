"""The try-on jobs of RQ's tasks, for django-rq's pages."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template

from tryon.admin.rq_tasks import job_addresses

register = template.Library()


@register.simple_tag
def tryon_jobs(tasks: Iterable[Any]) -> dict[str, str]:
    """Return the pages of the try-on jobs that the tasks move, by the tasks' names."""
    return job_addresses(tasks)


@register.simple_tag
def tryon_job(task: Any) -> str:
    """Return the page of the try-on job that a task moves, empty for other tasks."""
    return job_addresses([task]).get(task.id, "")


@register.filter
def page_of(pages: Mapping[str, str], task: Any) -> str:
    """Return one task's page of those that ``tryon_jobs`` has found."""
    return pages.get(task.id, "")
