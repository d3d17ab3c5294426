"""Requeue or delete all failed tasks of a queue, for as long as a request may take.

django-rq's own views go on to the end. After a flood of failures that would hold a thread for minutes.
"""

import time
from collections.abc import Callable
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import ngettext
from django_rq.queues import get_queue_by_index
from rq import Queue
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job

SECONDS: Final = 8.0

type View = Callable[..., HttpResponseBase]


def requeue(queue: Queue, name: str) -> None:
    """Put a failed task in its queue again. Raise InvalidJobOperation if somebody else did it."""
    queue.failed_job_registry.requeue(name)


def delete(queue: Queue, name: str) -> None:
    """Delete a failed task."""
    Job.fetch(name, connection=queue.connection, serializer=queue.serializer).delete()


def in_time(view: View, work: Callable[[Queue, str], None]) -> View:
    """Return django-rq's view with a form whose work ends after ``SECONDS``, and says what is left."""

    def answer(request: HttpRequest, queue_index: int) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, queue_index)
        done, left = work_on_all(get_queue_by_index(queue_index), work)
        text = ngettext("%(count)d task is done.", "%(count)d tasks are done.", done) % {"count": done}
        messages.success(request, text)
        if left:
            text = ngettext(
                "%(count)d failed task is left. Do it again.",
                "%(count)d failed tasks are left. Do it again.",
                left,
            )
            messages.warning(request, text % {"count": left})
        return HttpResponseRedirect(reverse("admin:django_rq_failed_jobs", args=[queue_index]))

    return answer


def work_on_all(queue: Queue, work: Callable[[Queue, str], None]) -> tuple[int, int]:
    """Return the failed tasks that were worked on in time, and those that are left."""
    deadline = time.monotonic() + SECONDS
    names = queue.failed_job_registry.get_job_ids()
    done = seen = 0
    for name in names:
        if time.monotonic() > deadline:
            break
        seen += 1
        try:
            work(queue, name)
            done += 1
        except (NoSuchJobError, InvalidJobOperation):
            continue  # its time was over, or somebody else was faster
    return done, len(names) - seen
