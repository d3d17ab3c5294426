"""Queries on results."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from django.apps import apps
from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from config.core import clock
from config.core.upkeep.counts import counted
from results.models import ResultFeedback, Review, TryOnResult, Verdict

if TYPE_CHECKING:
    from uuid import UUID

    from django_stubs_ext import WithAnnotations

    class Shown(TypedDict):
        provider_model: str | None
        shown_product_image: UUID
        shown_product_id: str
        seen_viewer: int | None
        shown_model_image: UUID | None
        shown_shopper_photo: UUID | None
        shown_options: dict[str, Any]
        is_test: bool
        own_verdict: str | None
        own_reasons: list[str] | None
        own_comment: str | None
        own_created_at: datetime | None

    ShownResult = WithAnnotations[TryOnResult, Shown]


class FeedbackCounts(TypedDict):
    yes: int
    almost: int
    no: int


def result_live(cache_key: str) -> TryOnResult | None:
    """Return the result that identical requests may share: neither expired nor rejected."""
    return result_list_live().filter(cache_key=cache_key).first()


def result_list_live() -> QuerySet[TryOnResult]:
    """Return the results that may be shown and reused."""
    return TryOnResult.objects.filter(expires_at__gt=clock.now()).exclude(review=Review.REJECTED)


def results_expired(now: datetime) -> QuerySet[TryOnResult]:
    """Return the expired results."""
    return TryOnResult.objects.filter(expires_at__lte=now)


def results_rejected() -> QuerySet[TryOnResult]:
    """Return the results that a person rejected."""
    return TryOnResult.objects.filter(review=Review.REJECTED)


def with_recipe_and_feedback(results: QuerySet[TryOnResult], requester: str) -> "QuerySet[ShownResult]":
    """Add the recipe that ``requester`` asked for and their feedback to each result, in one query."""
    predictions = apps.get_model("tryon", "Prediction")._default_manager
    first_call = predictions.filter(job=OuterRef("job")).order_by("step", "-created_at")
    own = FilteredRelation("job__feedback", condition=Q(job__feedback__requester=requester))
    seen = FilteredRelation("job__viewers", condition=Q(job__viewers__requester=requester))
    return results.annotate(
        own=own,
        seen=seen,
        # Show the requester's own photo: the job's may be another caller's. A manager may have none.
        shown_product_image=Coalesce(F("seen__product_image"), F("job__product_image")),
        shown_product_id=Coalesce(F("seen__product_image__product_id"), F("job__product_image__product_id")),
        seen_viewer=F("seen__pk"),
        shown_model_image=F("job__model_image"),
        shown_shopper_photo=F("job__shopper_photo"),
        shown_options=F("job__options"),
        is_test=F("job__is_test"),
        provider_model=Subquery(first_call.values("model_name")[:1]),
        own_verdict=F("own__verdict"),
        own_reasons=F("own__reasons"),
        own_comment=F("own__comment"),
        own_created_at=F("own__created_at"),
    )


def feedback_counts(account: str, *, archived: bool) -> FeedbackCounts:
    """Return the number of times each verdict was given on jobs of an account.

    ``archived`` adds that on jobs which have been cleaned up. It is all of live accounts.
    """
    # Not a join: SQLite would begin with all jobs of the account.
    of_account = apps.get_model("tryon", "TryOnJob")._default_manager.filter(
        pk=OuterRef("job"), account=account
    )
    found = ResultFeedback.objects.filter(Exists(of_account)).order_by()
    given: dict[str, int] = dict(found.values_list("verdict").annotate(number=Count("pk")))
    before = counted(*(archived_name(verdict) for verdict in Verdict.values)) if archived else {}

    def number(verdict: Verdict) -> int:
        return given.get(verdict, 0) + before.get(archived_name(verdict), 0)

    return {"yes": number(Verdict.YES), "almost": number(Verdict.ALMOST), "no": number(Verdict.NO)}


def archived_name(verdict: str) -> str:
    """Return the name of the daily count of a verdict on jobs that have been cleaned up."""
    return f"archived_feedback {verdict}"
