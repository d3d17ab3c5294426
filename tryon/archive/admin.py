"""Archived jobs in the admin: found by their id, and only looked at."""

from typing import Any, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import ReadOnlyAdmin
from config.core.admin.widgets import badge, moment
from config.core.search import as_uuid
from config.shops.abilities import Ability
from config.shops.names import requester_words
from tryon.archive.models import ArchivedJob
from tryon.failures import message_for


@admin.register(ArchivedJob)
class ArchivedJobAdmin(ReadOnlyAdmin[ArchivedJob]):
    """For people who may see every job."""

    list_display = ["id", "state", "product_id", "asked_by", "credits", "created", "ended"]
    list_filter = ["status"]
    search_fields = ["id"]
    search_help_text = _("Job id.")
    fields = [
        *("id", "state", "failure", "product_id", "product_image_id", "model_image_id", "shopper_photo_id"),
        *("options", "asked_by", "credits", "created_at", "started_at", "completed_at", "ended_at"),
        "archived_at",
    ]

    @override
    def has_view_permission(self, request: HttpRequest, obj: ArchivedJob | None = None) -> bool:
        return request.user.has_perm(Ability.SEE_ALL_JOBS)

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: ArchivedJob | None = None) -> bool:
        return False

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ArchivedJob], search_term: str
    ) -> tuple[QuerySet[ArchivedJob], bool]:
        """Look an id up through its index."""
        if not search_term:
            return queryset, False
        job_id = as_uuid(search_term.strip())
        return queryset.none() if job_id is None else queryset.filter(pk=job_id), False

    @admin.display(description=_("status"), ordering="status")
    def state(self, job: ArchivedJob) -> SafeString:
        return badge(job.status, job.get_status_display())

    @admin.display(description=_("error"))
    def failure(self, job: ArchivedJob) -> Any:
        return message_for(job.error_code) if job.error_code else "-"

    @admin.display(description=_("requester"))
    def asked_by(self, job: ArchivedJob) -> str:
        return requester_words(job.requester)

    @admin.display(description=_("created"))
    def created(self, job: ArchivedJob) -> str:
        return moment(job.created_at)

    @admin.display(description=_("ended"), ordering="ended_at")
    def ended(self, job: ArchivedJob) -> str:
        return moment(job.ended_at)
