"""The admin site: Django's own, with our name, the apps in the order of their use, and useful links."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, override

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from redis import RedisError

APP_ORDER: Final = ("tryon", "models_library", "results", "django_rq", "upkeep", "api", "auth")


class StudioAdminConfig(AdminConfig):
    """What INSTALLED_APPS names in place of ``django.contrib.admin``."""

    default = False
    default_site = "config.admin_site.StudioAdminSite"


class StudioAdminSite(admin.AdminSite):
    """The stock admin with our name and links."""

    site_title = _("Try-On Studio")
    site_header = _("Try-On Studio")
    index_title = _("Studio")

    @override
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "django_rq":
                app["name"] = _("Queue")
                app["models"] = [
                    {**model, "name": _("RQ dashboard"), "view_only": True} for model in app["models"]
                ]
        known = {label: place for place, label in enumerate(APP_ORDER)}
        return sorted(apps, key=lambda app: known.get(app["app_label"], len(known)))

    @override
    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**(extra_context or {}), "quick_links": quick_links(request)})

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


def quick_links(request: HttpRequest) -> list[tuple[str, Any, Any]]:
    """Address, name and purpose of the places people go most, as far as this person may go there."""
    user = request.user
    links: list[tuple[str, Any, Any]] = []
    if user.has_perm("models_library.add_modelimage"):
        links.append(
            (
                reverse("admin:models_library_modelimage_add"),
                _("Add model photos"),
                _("People to try garments on."),
            )
        )
    if user.has_perm("tryon.add_productimage"):
        links.append(
            (reverse("admin:tryon_productimage_add"), _("Add product photos"), _("Garments of the shop."))
        )
    if user.has_perm("tryon.view_tryonjob"):
        links.append((reverse("admin:tryon_tryonjob_changelist"), _("Try-on jobs"), _("Follow what runs.")))
    if user.has_perm("results.view_tryonresult"):
        address = reverse("admin:results_tryonresult_changelist", query={"review__exact": "pending"})
        links.append((address, _("Review results"), _("Approve or reject what is new.")))
    if user.has_perm("tryon.view_governor"):
        address = reverse("admin:tryon_governor_changelist")
        links.append((address, _("Operations"), _("What runs, what waits and why; pause and resume.")))
    if user.has_module_perms("django_rq"):
        address = reverse("admin:django_rq_dashboard_changelist")
        links.append((address, _("RQ dashboard"), _("Queues, workers and tasks.")))
    links.append((reverse("docs"), _("API docs"), _("For the storefront's developers.")))
    if settings.DEMO_SHOP:
        links.append((reverse("demo-shop"), _("Demo shop"), _("Try a garment on as a shopper.")))
    return links
