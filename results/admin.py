"""Results in the admin: look, approve or reject, delete."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, Final, override
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.core.admin.base import ReadOnlyAdmin
from config.core.admin.lists import StrictChangeList
from config.core.admin.widgets import badge, large_picture, link_to, moment, pixels, thumbnail
from config.core.search import related_contains
from config.shops.abilities import Ability
from config.shops.names import ShopFilter
from results.decisions import decide_all
from results.models import Decision, Flag, Reason, ResultFeedback, TryOnResult, Verdict
from results.services import result_delete

NO_FEEDBACK: Final = "none"
MOST_DECISIONS: Final = 50  # on the page of a result
EVERYWHERE = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]


class FeedbackFilter(admin.SimpleListFilter):
    """Filter results by their feedback."""

    title = _("feedback")
    parameter_name = "feedback"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Verdict.choices, (NO_FEEDBACK, _("None yet"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[TryOnResult]) -> QuerySet[TryOnResult]:
        given = ResultFeedback.objects.filter(job=OuterRef("job"))
        if self.value() == NO_FEEDBACK:
            return queryset.filter(~Exists(given))
        if self.value() in Verdict.values:
            return queryset.filter(Exists(given.filter(verdict=self.value())))
        return queryset


class ResultShopFilter(ShopFilter):
    """Filter by the shop that asked for the picture first."""

    field = "job__requester"


type Marks = Callable[[Collection[UUID]], Mapping[UUID, SafeString]]
"""Given the ids of results, the marks of those that have one."""


class MarkedChangeList(StrictChangeList):
    """A list whose rows have the marks that rooms add: one query a page for each kind."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Any = self.result_list
        owner: Any = self.model_admin
        marks = owner.marks_of([row.pk for row in rows])
        for row in rows:
            row.marks = marks[row.pk]


@admin.register(TryOnResult)
class TryOnResultAdmin(ReadOnlyAdmin[TryOnResult]):
    """The paid pictures. People change the review, and nothing else."""

    list_display = [
        "picture",
        "product_photo",
        "model_photo",
        "review_badge",
        "verdicts",
        "credits_used",
        "job_link",
        "created",
        "expires",
    ]
    list_select_related = ["job__product_image", "job__model_image"]
    list_filter = ["review", FeedbackFilter, ResultShopFilter, "job__account", "created_at", "expires_at"]
    search_fields = ["job__product_image__product_id", "job__model_image__name"]
    search_help_text = _("Product or model photo.")
    fields = [
        "large",
        "product_photo",
        "model_photo",
        "review_badge",
        "doubts",
        "decisions",
        "feedback",
        "size",
        "credits_used",
        "job_link",
        "created_at",
        "expires_at",
    ]
    actions = ["approve", "reject"]
    # This list knows no room of the back office: each adds its marks.
    marks: ClassVar[list[Marks]] = []

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TryOnResult], search_term: str
    ) -> tuple[QuerySet[TryOnResult], bool]:
        """Find the results whose product or model photo has each word."""
        for word in search_term.split():
            match = related_contains(TryOnResult, "job__product_image", "product_id", word)
            # A model photo has results by the thousand, so the newest rows soon have some.
            match |= related_contains(TryOnResult, "job__model_image", "name", word, few=0)
            queryset = queryset.filter(match)
        return queryset, False

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[TryOnResult]:
        # Those on shoppers' own photos are for the shoppers only.
        results = super().get_queryset(request).filter(job__shopper_photo=None)
        results = results.select_related(*self.list_select_related)
        return results.prefetch_related("job__feedback")

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MarkedChangeList

    def marks_of(self, ids: Collection[UUID]) -> dict[UUID, list[SafeString]]:
        """Return the marks of each result."""
        found = [mark(ids) for mark in self.marks]
        return {key: [marks[key] for marks in found if key in marks] for key in ids}

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may approve and reject."""
        return request.user.has_perm(Ability.REVIEW_RESULTS)

    @override
    def delete_model(self, request: HttpRequest, obj: TryOnResult) -> None:
        result_delete(obj)

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[TryOnResult]) -> None:
        for result in queryset:
            result_delete(result)

    @admin.action(description=_("Approve"), permissions=["review"], location=EVERYWHERE)
    def approve(self, request: HttpRequest, queryset: QuerySet[TryOnResult]) -> None:
        changed = decide_all(queryset, person=request.user, verdict=Decision.APPROVED)
        text = ngettext("%(count)d result was approved.", "%(count)d results were approved.", changed)
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)

    @admin.action(description=_("Reject"), permissions=["review"], location=EVERYWHERE)
    def reject(self, request: HttpRequest, queryset: QuerySet[TryOnResult]) -> None:
        changed = decide_all(queryset, person=request.user, verdict=Decision.REJECTED)
        text = ngettext(
            "%(count)d result was rejected. The next identical request makes a new one.",
            "%(count)d results were rejected. The next identical requests make new ones.",
            changed,
        )
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)

    @admin.display(description=_("result"))
    def picture(self, result: TryOnResult) -> SafeString:
        return thumbnail(result.thumbnail, str(_("Try-on result")))

    @admin.display(description=_("result"))
    def large(self, result: TryOnResult) -> SafeString:
        return large_picture(result.image, result.image, str(_("Try-on result")))

    @admin.display(description=_("product"), ordering="job__product_image__product_id")
    def product_photo(self, result: TryOnResult) -> SafeString:
        photo = result.job.product_image
        return link_to("tryon_productimage", photo.pk, photo)

    @admin.display(description=_("model photo"), ordering="job__model_image__name")
    def model_photo(self, result: TryOnResult) -> SafeString:
        photo = result.job.model_image
        if photo is None:
            raise ValueError("The list has results on model photos only.")
        return link_to("models_library_modelimage", photo.pk, photo)

    @admin.display(description=_("review"), ordering="review")
    def review_badge(self, result: TryOnResult) -> SafeString:
        marks = getattr(result, "marks", None)
        marks = self.marks_of([result.pk])[result.pk] if marks is None else marks
        shown = [badge(result.review, result.get_review_display()), *marks]
        return format_html_join(" ", "{}", ([one] for one in shown))

    @admin.display(description=_("feedback"))
    def verdicts(self, result: TryOnResult) -> SafeString | str:
        given = Counter(feedback.verdict for feedback in result.job.feedback.all())
        badges = [badge(verdict, f"{Verdict(verdict).label} {number}") for verdict, number in given.items()]
        return format_html_join(" ", "{}", ([one] for one in badges)) or "-"

    @admin.display(description=_("feedback"))
    def feedback(self, result: TryOnResult) -> SafeString | str:
        """Return every verdict with its reasons and comment, newest first."""
        lines = (
            (
                moment(given.created_at),
                badge(given.verdict, given.get_verdict_display()),
                ", ".join(str(Reason(reason).label) for reason in given.reasons),
                given.comment,
            )
            for given in result.job.feedback.all()
        )
        return format_html_join("", "<p>{} {} {}<br>{}</p>", lines) or "-"

    @admin.display(description=_("flags"))
    def doubts(self, result: TryOnResult) -> SafeString | str:
        """Return what the measures doubt, with the scores. 1 is the limit."""
        names = Flag.values
        lines = (
            (Flag(flag["name"]).label, flag["score"]) for flag in result.flags or [] if flag["name"] in names
        )
        return format_html_join("", "<p>{} ({})</p>", lines) or "-"

    @admin.display(description=_("decisions"))
    def decisions(self, result: TryOnResult) -> SafeString | str:
        """Return each decision with who made it, newest first."""
        lines = (
            (
                moment(decision.at),
                decision.person or _("Somebody"),
                badge(decision.verdict, decision.get_verdict_display()),
                ", ".join(str(Reason(reason).label) for reason in decision.reasons),
                decision.comment,
                _("undone") if decision.undone_at else "",
            )
            for decision in result.decisions.select_related("person")[:MOST_DECISIONS]
        )
        return format_html_join("", "<p>{} {} {} {} {} {}</p>", lines) or "-"

    @admin.display(description=_("job"))
    def job_link(self, result: TryOnResult) -> SafeString:
        return link_to("tryon_tryonjob", result.job_id, str(result.job_id)[:8])

    @admin.display(description=_("size"))
    def size(self, result: TryOnResult) -> str:
        return pixels(result.width, result.height)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, result: TryOnResult) -> str:
        return moment(result.created_at)

    @admin.display(description=_("expires"), ordering="expires_at")
    def expires(self, result: TryOnResult) -> str:
        return moment(result.expires_at)
