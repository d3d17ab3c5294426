"""RQ's dashboard in the admin, behind a permission of its own.

django-rq asks for a staff login only, and some of its addresses empty a queue.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from typing import Any, Final, override

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern
from django_rq.admin import QueueAdmin
from django_rq.models import Dashboard
from django_rq.queues import get_queue_by_index
from rq import Queue, Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job, validate_job_id

from config.people import audit
from config.people.models import Decision
from config.shops.abilities import Ability
from tryon.admin import failed_tasks
from tryon.admin.rq_markup import without_inline

# Of django-rq's forms.
JOBS: Final = ("_selected_action", "job_ids")
# The addresses that change something, with the word that the audit log has for it.
ACTS: Final = {
    "django_rq_clear": "clear",
    "django_rq_delete_failed_jobs": "delete_failed",
    "django_rq_requeue_all": "requeue_failed",
    "django_rq_delete_job": "delete",
    "django_rq_requeue_job": "requeue",
    "django_rq_enqueue_job": "enqueue",
    "django_rq_stop_job": "stop",
    "django_rq_actions": "",  # the form says it
}
MOST_TASKS: Final = 20  # in the log

type View = Callable[..., HttpResponseBase]

# On all failed tasks of a queue.
ON_ALL: Final = {
    "django_rq_requeue_all": failed_tasks.requeue,
    "django_rq_delete_failed_jobs": failed_tasks.delete,
}
# The buttons of a task's page. Opened as pages, the first two would ask if the task is to be deleted.
BUTTONS: Final = frozenset({"django_rq_requeue_job", "django_rq_enqueue_job", "django_rq_stop_job"})

# The forms of a model without a table, and a scheduler from a package that is not installed.
LEFT_OUT: Final = frozenset(
    {
        "django_rq_dashboard_add",
        "django_rq_dashboard_change",
        "django_rq_dashboard_delete",
        "django_rq_dashboard_history",
        "django_rq_scheduler_jobs",
        None,
    }
)


@admin.register(Dashboard)
class RqDashboardAdmin(QueueAdmin):
    """The dashboard, for who may operate the queues. To others it is not there."""

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(Ability.OPERATE_QUEUES)

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def get_urls(self) -> list[URLPattern]:
        """Return django-rq's addresses, each of them guarded, also the one that takes a token."""
        every: list[URLPattern] = super().get_urls()  # type: ignore[no-untyped-call]
        patterns = [pattern for pattern in every if pattern.name not in LEFT_OUT]
        for pattern in patterns:
            view = pattern.callback
            if pattern.name in ON_ALL:
                view = failed_tasks.in_time(view, ON_ALL[pattern.name])
            methods = {"POST"} if pattern.name in BUTTONS else {"GET", "HEAD", "POST"}
            pattern.callback = self.admin_site.admin_view(without_inline(guarded(view, methods)))
        return patterns


def guarded(view: View, methods: Collection[str]) -> View:
    """Return a view that needs the permission. For what is not there it answers 404; django-rq fails."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(Ability.OPERATE_QUEUES):
            raise PermissionDenied
        check_is_there(kwargs)
        tasks = tasks_named(request, kwargs)
        check_names(tasks)
        if request.method not in methods:
            return HttpResponseNotAllowed(methods)
        if "job_ids" in request.POST:
            leave_out_missing(request, get_queue_by_index(kwargs["queue_index"]))
            tasks = tasks_named(request, kwargs)
        try:
            response = view(request, *args, **kwargs)
        except NoSuchJobError as error:
            raise Http404 from error
        note_act(request, kwargs, tasks)
        return response

    return answer


def tasks_named(request: HttpRequest, names: Mapping[str, Any]) -> list[str]:
    """Return the names of the tasks that a request is about."""
    chosen = [name for field in JOBS for name in request.POST.getlist(field)]
    return [*([names["job_id"]] if "job_id" in names else []), *chosen]


def note_act(request: HttpRequest, names: Mapping[str, Any], tasks: list[str]) -> None:
    """Log a change of a queue by a person."""
    address = getattr(request.resolver_match, "url_name", "")
    if request.method != "POST" or address not in ACTS:
        return
    act = ACTS[address] or request.POST.get("action", "")[:MOST_TASKS]
    facts: dict[str, Any] = {"tasks": tasks[:MOST_TASKS], "number": len(tasks)} if tasks else {}
    index = names["queue_index"]
    queue = get_queue_by_index(index)
    audit.note(request.user, Dashboard(pk=index), Decision.QUEUE, called=queue.name, act=act, **facts)


def check_is_there(names: Mapping[str, Any]) -> None:
    """Raise Http404 for a queue, a task or a worker that an address names and that is not there."""
    if "queue_index" in names and names["queue_index"] >= len(settings.RQ_QUEUES):
        raise Http404
    if "job_id" in names and not is_task(names["job_id"], get_queue_by_index(names["queue_index"])):
        raise Http404
    if "key" in names and not is_worker(names["key"], get_queue_by_index(names["queue_index"])):
        raise Http404


def leave_out_missing(request: HttpRequest, queue: Queue) -> None:
    """Take the tasks out of a form that have left Redis since its page was drawn."""
    form = request.POST.copy()
    form.setlist("job_ids", [name for name in form.getlist("job_ids") if is_task(name, queue)])
    request.POST = form  # type: ignore[assignment]


def is_task(name: str, queue: Queue) -> bool:
    """Return whether a queue has a task of this name. django-rq would move another queue's task to it."""
    origin: Any = queue.connection.hget(Job.key_for(name), "origin") if is_name(name) else None
    return origin is not None and origin.decode() == queue.name


def is_name(name: str) -> bool:
    """Return whether a task can have this name."""
    try:
        validate_job_id(name)
    except ValueError:
        return False
    return True


def check_names(names: Iterable[str]) -> None:
    """Raise Http404 for a name that no task can have."""
    if not all(map(is_name, names)):
        raise Http404


def is_worker(key: str, queue: Queue) -> bool:
    """Return whether a worker with this key is registered and has not just ended."""
    is_key = key.startswith(Worker.redis_worker_namespace_prefix)
    return is_key and Worker.find_by_key(key, connection=queue.connection) is not None
