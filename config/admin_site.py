"""The admin site of this product: the order of its apps, and links to the places that people use most."""

from typing import Any, override

from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.core.admin.site import Problem, QuickLink
from config.core.admin.site import StudioAdminSite as CoreAdminSite
from config.shops.abilities import Ability, is_allowed


class StudioAdminConfig(AdminConfig):
    """The app that INSTALLED_APPS names in place of ``django.contrib.admin``."""

    default = False
    default_site = "config.admin_site.StudioAdminSite"


class StudioAdminSite(CoreAdminSite):
    """The core's site with this product's apps."""

    app_order = (
        "catalogue",
        "tryon",
        "models_library",
        "results",
        "django_rq",
        "upkeep",
        "people",
        "api",
        "auth",
    )

    @override
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        for app in apps:
            if app["app_label"] == "django_rq":
                app["name"] = _("Queue")
                app["models"] = [
                    {**model, "name": _("RQ dashboard"), "view_only": True} for model in app["models"]
                ]
        return apps

    @override
    def problem(self, request: HttpRequest) -> Problem | None:
        from tryon.services.operations import pause_known  # this module is loaded before any model

        if not (sentence := pause_known()):
            return None
        may_open = is_allowed(request.user, Ability.SEE_OPERATIONS)
        return sentence, reverse("admin:tryon_governor_changelist") if may_open else ""

    @override
    def quick_links(self, request: HttpRequest) -> list[QuickLink]:
        return quick_links(request)


def quick_links(request: HttpRequest) -> list[QuickLink]:
    """Return address, name and purpose of the places that people use most and this person may open."""
    user = request.user
    links: list[QuickLink] = []
    if is_allowed(user, Ability.ADD_MODELS):
        links.append(
            (
                reverse("admin:models_library_modelimage_add"),
                _("Add model photos"),
                _("People to try garments on."),
            )
        )
    if is_allowed(user, Ability.UPLOAD_PHOTOS):
        links.append(
            (reverse("admin:tryon_productimage_add"), _("Add product photos"), _("Garments of the shop."))
        )
    if is_allowed(user, Ability.SEE_ALL_JOBS):
        links.append((reverse("admin:tryon_tryonjob_changelist"), _("Try-on jobs"), _("Follow the jobs.")))
    if is_allowed(user, Ability.SEE_ALL_RESULTS):
        address = reverse("admin:results_tryonresult_changelist", query={"review__exact": "pending"})
        links.append((address, _("Review results"), _("Approve or reject new results.")))
    if is_allowed(user, Ability.SEE_OPERATIONS):
        address = reverse("admin:tryon_governor_changelist")
        links.append((address, _("Operations"), _("See what runs and what waits. Pause and resume.")))
        address = reverse("admin:tryon_governor_doctor")
        links.append((address, _("Doctor"), _("Try what the shop needs, and read what to do.")))
    if is_allowed(user, Ability.OPERATE_QUEUES):
        address = reverse("admin:django_rq_dashboard_changelist")
        links.append((address, _("RQ dashboard"), _("Queues, workers and tasks.")))
    links.append((reverse("docs"), _("API docs"), _("For the storefront's developers.")))
    if settings.DEMO_SHOP:
        links.append((reverse("demo-shop"), _("Demo shop"), _("Try a garment on as a shopper.")))
    return links
