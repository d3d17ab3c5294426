"""The admin site of this product: its tasks, and the places of each."""

from typing import Any, Final, override

from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.core.admin.navigation import Navigation, Place, Task, navigation
from config.core.admin.site import Problem
from config.core.admin.site import StudioAdminSite as CoreAdminSite
from config.shops.abilities import Ability, is_allowed

# A place whose page is not there is left out. The order is that of a season's work.
TASKS: Final = (
    Task(
        _("Library"),
        (
            Place("tryon_productimage_changelist", _("Product photos"), Ability.USE_ANY_PHOTO),
            Place("models_library_modelimage_changelist", _("Model photos"), Ability.SEE_RETIRED_MODELS),
            Place("releases", _("Releases"), Ability.SEE_RETIRED_MODELS),
            Place("tryon_productimage_add", _("Upload"), Ability.UPLOAD_PHOTOS),
        ),
    ),
    Task(
        _("Products"),
        (
            Place("catalogue_product_changelist", _("Products"), "catalogue.view_product"),
            Place("product-import", _("Import…"), "catalogue.change_product"),
        ),
    ),
    Task(
        _("Plan"),
        (
            Place("batches_batch_changelist", _("Batches"), "batches.view_batch", covers="batch"),
            Place("plan", _("New plan"), Ability.START_TRYONS),
            Place("batches_namedrecipe_changelist", _("Recipes"), "batches.view_namedrecipe"),
        ),
    ),
    Task(_("Board"), (Place("board", _("Board"), Ability.SEE_ALL_RESULTS),)),
    Task(
        _("Review"),
        (
            Place("review", _("Review"), Ability.REVIEW_RESULTS),
            Place("review_sheet", _("Contact sheet"), Ability.REVIEW_RESULTS),
            Place("comparisons", _("Comparisons"), "comparisons.view_comparison", covers="comparison"),
        ),
    ),
    Task(_("Results"), (Place("results_tryonresult_changelist", _("Results"), Ability.SEE_ALL_RESULTS),)),
    Task(
        _("Jobs"),
        (
            Place("tryon_tryonjob_changelist", _("Jobs"), Ability.SEE_ALL_JOBS),
            Place("archive_archivedjob_changelist", _("Archived jobs"), Ability.SEE_ALL_JOBS),
        ),
    ),
    Task(_("Money"), (Place("money", _("Money"), Ability.SEE_MONEY),)),
    Task(
        _("Operations"),
        (
            Place("tryon_governor_changelist", _("State"), Ability.SEE_OPERATIONS),
            Place("alerts", _("Alerts"), Ability.SEE_ALERTS),
            Place("webhooks_webhookendpoint_changelist", _("Webhooks"), "webhooks.view_webhookendpoint"),
            Place("webhooks_webhookdelivery_changelist", _("Deliveries"), "webhooks.view_webhookdelivery"),
            Place("tryon_governor_doctor", _("Doctor"), Ability.SEE_OPERATIONS),
            Place("first_run", _("First run"), Ability.SEE_OPERATIONS),
            Place("runbook", _("Runbook"), Ability.SEE_OPERATIONS),
            Place("people_auditentry_changelist", _("Audit log"), Ability.SEE_AUDIT_LOG),
            Place(
                "django_rq_dashboard_changelist",
                _("RQ dashboard"),
                Ability.OPERATE_QUEUES,
                covers="django_rq",
            ),
            Place("cleanups", _("Cleanups"), Ability.SEE_CLEANUPS),
            Place("upkeep_cleanuprun_changelist", _("Cleanup runs"), Ability.SEE_CLEANUPS),
        ),
        takes_the_rest=True,
    ),
)


class StudioAdminConfig(AdminConfig):
    """The app that INSTALLED_APPS names in place of ``django.contrib.admin``."""

    default = False
    default_site = "config.admin_site.StudioAdminSite"


class StudioAdminSite(CoreAdminSite):
    """The core's site with this product's tasks."""

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
    def navigation(self, request: HttpRequest) -> Navigation:
        return navigation(request, self, TASKS, lambda name: is_allowed(request.user, name))

    @override
    def links(self, request: HttpRequest) -> list[tuple[str, Any]]:
        demo = [(reverse("demo-shop"), _("Demo shop"))] if settings.DEMO_SHOP else []
        return [(reverse("docs"), _("API docs")), *demo]

    @override
    def home(self, request: HttpRequest) -> dict[str, Any]:
        from tryon.admin.home import home  # as above

        return home(request)
