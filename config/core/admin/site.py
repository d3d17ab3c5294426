"""The admin site: Django's own, with our name and the apps in the order of their use.

It knows no app: the wiring's subclass names them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, override

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from redis import RedisError

from config.core.admin import runbook  # noqa: F401  (registers its page)
from config.core.admin.navigation import Navigation
from config.core.admin.pages import PAGES

type Problem = tuple[Any, str]
"""A sentence that says what to do, and the address of the page about it; empty for who may not open it."""


class StudioAdminSite(admin.AdminSite):
    """The stock admin with our name and links."""

    site_title = _("Try-On Studio")
    site_header = _("Try-On Studio")
    index_title = _("Studio")
    site_url = None  # its front page is the admin
    enable_nav_sidebar = False  # the navigation by task is in its place

    def navigation(self, request: HttpRequest) -> Navigation:
        """Return the links on top of each page that this person may follow."""
        return Navigation([], [])

    def links(self, request: HttpRequest) -> list[tuple[str, Any]]:
        """Return address and name of the pages outside of the admin, for the foot of each page."""
        return []

    def home(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the home page shows to this person."""
        return {}

    def problem(self, request: HttpRequest) -> Problem | None:
        """Return the sentence for the top of each page while the service stands still."""
        return None

    @override
    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if context["has_permission"]:
            context["studio_problem"] = self.problem(request)
            context["studio_navigation"] = self.navigation(request)
            context["studio_links"] = self.links(request)
        return context

    @override
    def get_urls(self) -> list[Any]:
        """Return our pages, and Django's without the shortcut to a row's public page: no row has one."""
        ours = [path(page.route, self.admin_view(page.view), name=page.name) for page in PAGES]
        stock = [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
        return [*ours, *stock]

    @override
    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**(extra_context or {}), **self.home(request)})

    @override
    def admin_view[View: Callable[..., HttpResponseBase]](self, view: View, cacheable: bool = False) -> View:
        """Wrap a view as Django does. With Redis away the RQ dashboard explains itself instead of failing."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return inner(request, *args, **kwargs)
            except RedisError:
                context = {**self.each_context(request), "title": _("The queue can't be reached")}
                return TemplateResponse(request, "admin/queue_away.html", context, status=503)

        return answer  # type: ignore[return-value]
