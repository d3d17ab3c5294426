"""The operator's page: how the service is doing, why nothing is started, and the two buttons."""

from typing import Any, override

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from config.core.admin.base import ReadOnlyAdmin
from tryon.engine import governor
from tryon.engine.advance import dispatch
from tryon.models import Governor, Pause
from tryon.services.stats import statistics

# What each pause asks of a person.
ADVICE = {
    Pause.OPERATOR: _("An operator paused the service. Resume when you are ready."),
    Pause.OUT_OF_CREDITS: _("FASHN's credits are used up. Buy credits; jobs then go on within a minute."),
    Pause.UNAUTHORIZED: _("FASHN does not accept the key. Set FASHN_API_KEY and restart; jobs then go on."),
}


@admin.register(Governor)
class GovernorAdmin(ReadOnlyAdmin[Governor]):
    """One page in place of a list: the governor has one row."""

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Governor | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may pause and resume."""
        return request.user.has_perm("tryon.change_governor")

    @override
    def get_urls(self) -> list[URLPattern]:
        return [
            path("pause/", self.admin_site.admin_view(self.pause_view), name="tryon_governor_pause"),
            path("resume/", self.admin_site.admin_view(self.resume_view), name="tryon_governor_resume"),
            *super().get_urls(),
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Operations"),
            "stats": statistics(),
            "problem": what_holds_it(),
            "may_operate": self.has_operate_permission(request),
        }
        return TemplateResponse(request, "admin/tryon/governor/operations.html", context)

    @method_decorator(require_POST)
    def pause_view(self, request: HttpRequest) -> HttpResponse:
        """Start no more jobs."""
        self._check(request)
        governor.pause(Pause.OPERATOR)
        self.message_user(request, _("Paused. Jobs at FASHN are finished, no more are started."))
        return redirect("admin:tryon_governor_changelist")

    @method_decorator(require_POST)
    def resume_view(self, request: HttpRequest) -> HttpResponse:
        """Start jobs again."""
        self._check(request)
        governor.resume()
        dispatch()
        self.message_user(request, _("Jobs are started again."), messages.SUCCESS)
        return redirect("admin:tryon_governor_changelist")

    def _check(self, request: HttpRequest) -> None:
        if not self.has_operate_permission(request):
            raise PermissionDenied


def what_holds_it() -> Any:
    """Why nothing, or less, is started just now, and what to do about it; empty when all is well."""
    state, now = governor.current(), timezone.now()
    if state.pause:
        return ADVICE[Pause(state.pause)]
    if state.open_until is not None and state.open_until > now:
        return _("FASHN can't take anything just now. Jobs wait and keep their retries; you need do nothing.")
    if state.held_until is not None and state.held_until > now:
        return _("FASHN asked for a break. Jobs go on in a moment.")
    if governor.credits_left_today() == 0:
        return _("Today's credits are used up. Raise TRYON_DAILY_LIMIT, or wait for tomorrow (UTC).")
    return ""
