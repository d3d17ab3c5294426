"""Jobs in the admin: the request, the state, the price and the full history."""

from datetime import datetime, timedelta
from typing import Any, Final, override

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from config.core.admin.base import ReadOnlyAdmin
from config.core.admin.navigation import address_of_row
from config.core.admin.widgets import badge, link_to, moment, thumbnail
from config.core.search import as_uuid, related_contains
from config.people import audit
from config.people.models import Decision
from config.shops.abilities import Ability
from config.shops.names import ShopFilter, requester_words
from tryon.admin.bundle import bundle
from tryon.admin.job_orders import TakesOrders
from tryon.admin.job_page import SHOPPERS_OWN, job_page
from tryon.admin.rq_tasks import tasks_of
from tryon.archive.models import ArchivedJob
from tryon.catalogue.worn import WornFilter
from tryon.models import Prediction, Status, TryOnJob, ViewerGarment
from tryon.selectors.jobs import dead_letters
from tryon.timing import progress_now

LATEST_FAILURES: Final = 1_000
MOST_NEWER: Final = 100
MOST_OF_A_TIME: Final = 40  # characters


class ErrorCodeFilter(admin.SimpleListFilter):
    """Filter failed jobs by cause. The choices come from the latest failures, not from the whole table."""

    title = _("error")
    parameter_name = "error_code"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        failed = TryOnJob.objects.filter(status=Status.FAILED).order_by("-created_at")
        codes = {*failed.values_list("error_code", flat=True)[:LATEST_FAILURES]}
        return [(code, code) for code in sorted(codes)]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[TryOnJob]) -> QuerySet[TryOnJob]:
        return queryset.filter(error_code=self.value()) if self.value() else queryset


class DeadLetterFilter(admin.SimpleListFilter):
    """Filter the failed jobs that another try may cure."""

    title = _("dead letters")
    parameter_name = "dead"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Worth another try"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[TryOnJob]) -> QuerySet[TryOnJob]:
        return queryset.filter(pk__in=dead_letters().values("pk")) if self.value() else queryset


@admin.register(TryOnJob)
class TryOnJobAdmin(TakesOrders, ReadOnlyAdmin[TryOnJob]):
    """Read-only: a job's state changes only in ``tryon.engine.lifecycle``."""

    list_display = [
        "short_id",
        "garment",
        "model_photo",
        "result_picture",
        "state",
        "asked_by",
        "lane",
        "retry_count",
        "created",
        "duration",
    ]
    list_select_related = ["product_image", "model_image", "result"]
    list_filter = [
        "status",
        "account",
        DeadLetterFilter,
        "lane",
        ErrorCodeFilter,
        ShopFilter,
        WornFilter,
        "created_at",
    ]
    link_lookups = ["product_image", "model_image", "product_image__catalogue_product"]
    actions = ["retry", "cancel"]
    search_fields = ["product_image__product_id", "requester"]
    search_help_text = _("Job id, product, requester, or FASHN's id.")
    fields = ["status"]  # the page is built by change_form.html from job_page

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[TryOnJob]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: TryOnJob | None = None) -> bool:
        return False

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TryOnJob], search_term: str
    ) -> tuple[QuerySet[TryOnJob], bool]:
        """Look up whole ids and names of requesters through their indexes, and products as text."""
        term = search_term.strip()
        if not term:
            return queryset, False
        match = related_contains(TryOnJob, "product_image", "product_id", term) | Q(requester=term)
        worn = ViewerGarment.objects.filter(product_image__product_id__icontains=term)
        match |= Q(pk__in=worn.values("viewer__job"))
        match |= Q(pk__in=Prediction.objects.filter(provider_id=term).values("job"))
        if (job_id := as_uuid(term)) is not None:
            match |= Q(pk=job_id)
        return queryset.filter(match), False

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        job = context["original"]
        may_see_tasks = request.user.has_perm(Ability.OPERATE_QUEUES)
        page = {**job_page(job), "tasks": tasks_of(job) if may_see_tasks else []}
        return super().render_change_form(request, context | page, *args, **kwargs)

    @override
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the archive if the job is there: old links keep working."""
        job_id = as_uuid(object_id)
        if job_id is not None and self.has_view_permission(request):
            archived = ArchivedJob.objects.filter(pk=job_id).first()
            if archived is not None:
                return redirect(address_of_row(archived))
        return super().change_view(request, object_id, form_url, extra_context)

    @override
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.bundle_view)
        return [path("<path:object_id>/bundle/", view, name="tryon_tryonjob_bundle"), *super().get_urls()]

    @method_decorator(require_safe)
    def bundle_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Download the support bundle."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = self.get_object(request, object_id)
        if job is None:
            raise Http404
        audit.note(None, job, Decision.EXPORT)
        name = f"job-{str(job.pk)[:8]}.zip"
        return HttpResponse(
            bundle(job),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        newer = newer_than(request.headers.get("X-Live", ""))
        return super().changelist_view(request, {**(extra_context or {}), "newer_jobs": newer})

    @admin.display(description=_("job"))
    def short_id(self, job: TryOnJob) -> str:
        return str(job.pk)[:8]

    @admin.display(description=_("product"), ordering="product_image__product_id")
    def garment(self, job: TryOnJob) -> SafeString:
        photo = job.product_image
        link = link_to("tryon_productimage", photo.pk, thumbnail(photo.thumbnail, photo.product_id))
        further = len(job.options.get("garments", [])) - 1
        return format_html("{} +{}", link, further) if further > 0 else link

    @admin.display(description=_("model photo"), ordering="model_image__name")
    def model_photo(self, job: TryOnJob) -> SafeString:
        photo = job.model_image
        if photo is None:
            return format_html("{}", SHOPPERS_OWN)
        return link_to("models_library_modelimage", photo.pk, thumbnail(photo.thumbnail, photo.name))

    @admin.display(description=_("result"))
    def result_picture(self, job: TryOnJob) -> SafeString | None:
        result = getattr(job, "result", None)
        if result is None or job.is_private:
            return live(job, "result", "-")
        return live(
            job,
            "result",
            link_to("results_tryonresult", result.pk, thumbnail(result.thumbnail, str(_("Result")))),
        )

    @admin.display(description=_("status"), ordering="status")
    def state(self, job: TryOnJob) -> SafeString:
        """Return the status, with the progress of an active job or the cause of a failure."""
        word = badge(job.status, job.get_status_display())
        if job.status == Status.PROCESSING:
            word = format_html('{0}<progress max="100" value="{1}">{1} %</progress>', word, progress_now(job))
        elif job.error_code:
            word = format_html("{}<code>{}</code>", word, job.error_code)
        return live(job, "state", word)

    @admin.display(description=_("requester"), ordering="requester")
    def asked_by(self, job: TryOnJob) -> str:
        return requester_words(job.requester)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, job: TryOnJob) -> str:
        return moment(job.created_at)

    @admin.display(description=_("duration"))
    def duration(self, job: TryOnJob) -> SafeString:
        """Return the time from the request to the picture."""
        span = "-" if job.completed_at is None else seconds(job.completed_at - job.created_at)
        return live(job, "duration", span)


def newer_than(rendered: str) -> int:
    """Return the number of jobs, at most 100, that were created since a page was drawn, as it tells."""
    since = None if len(rendered) > MOST_OF_A_TIME else parse_datetime_or_none(rendered)
    if since is None:
        return 0
    return TryOnJob.objects.filter(created_at__gt=since).order_by()[:MOST_NEWER].count()


def parse_datetime_or_none(text: str) -> datetime | None:
    """Return a time with its zone, or None for any other text."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def live(job: TryOnJob, part: str, content: Any) -> SafeString:
    """Return a cell that refreshes itself while its job is under way."""
    mark = SafeString(' data-live="5"') if job.is_active else ""
    return format_html('<span id="job-{}-{}"{}>{}</span>', job.pk, part, mark, content)


def seconds(span: timedelta) -> str:
    """Return a time span as text: seconds below two minutes, else minutes."""
    whole = span.total_seconds()
    if whole < 120:
        return gettext("%(number)s s") % {"number": f"{whole:.1f}"}
    return gettext("%(number)s min") % {"number": f"{whole / 60:.0f}"}
