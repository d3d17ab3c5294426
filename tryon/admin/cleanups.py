"""The page of the cleanups: when each task runs next, what its last run did, and buttons to run it now."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from config.core.admin.pages import admin_page, page_response
from config.shops.abilities import Ability, is_allowed
from tryon.services.cleanups import cleanup_preview, cleanup_run, cleanup_tasks, is_cleanup_task


@admin_page("cleanups/", name="cleanups", permission=Ability.SEE_CLEANUPS)
def cleanups(request: HttpRequest) -> HttpResponse:
    """Show the tasks. A form runs one of them, or counts what it would remove."""
    may_run = is_allowed(request.user, Ability.RUN_CLEANUPS)
    if request.method == "POST":
        if not may_run:
            raise PermissionDenied
        return ordered(request, request.POST.get("task", ""))
    return page_response(
        request, "admin/tryon/cleanups.html", title=_("Cleanups"), tasks=cleanup_tasks(), may_run=may_run
    )


def ordered(request: HttpRequest, task: str) -> HttpResponse:
    """Hand a task to a worker, and say so. Raise Http404 for a task that is not there."""
    if not is_cleanup_task(task):
        raise Http404
    is_dry = "dry" in request.POST
    if not (cleanup_preview(task) if is_dry else cleanup_run(task)):
        messages.error(request, _("Redis does not take tasks now. Try again in a minute."))
    elif is_dry:
        messages.success(request, _("A worker counts what the cleanup would remove. It removes nothing."))
    else:
        messages.success(request, _("A worker runs the cleanup. This page shows what it does."))
    return redirect("admin:cleanups")
