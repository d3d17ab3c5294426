"""Access to results: a result of another caller counts as missing."""

from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.core.few import narrowed
from config.core.rows import first_or
from config.shops.abilities import Ability
from config.shops.callers import Caller
from results.models import Review, TryOnResult

if TYPE_CHECKING:
    from results.selectors import ShownResult


# The first garment, as its caller sees it.
SHOWN: Final = {"product_id": "shown_product_id", "pk": "shown_product_image"}


class ResultNotFound(DomainError):
    code: ClassVar[str] = "result_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such result, or it has expired. Generate it again.")


def results_for(caller: Caller) -> QuerySet[TryOnResult]:
    """Return the unexpired results of the caller's jobs, or of all jobs for who may see them.

    Those on a shopper's own photo are for the shopper only. A rejected one is for the staff and the shop's
    server only: no shopper gets it, and no visitor of a page.
    """
    results = TryOnResult.objects.filter(expires_at__gt=clock.now())
    if caller.is_shopper:
        results = results.exclude(review=Review.REJECTED)
    if not caller.is_shopper:
        # Not a join either: its condition holds for nearly every job.
        jobs = apps.get_model("tryon", "TryOnJob")._default_manager.filter(pk=OuterRef("job"))
        results = results.filter(~Exists(jobs.filter(shopper_photo__isnull=False)))
    if caller.may(Ability.SEE_ALL_RESULTS):
        of_tests = Q(job__account="test")
        return results.filter(of_tests if caller.is_test else ~of_tests)
    # Not a join: SQLite would sort all results of the caller for one page.
    return results.filter(Exists(_seen_by(caller).filter(job=OuterRef("job"))))


def results_to_list[R: TryOnResult](caller: Caller, results: QuerySet[R]) -> QuerySet[R]:
    """Return ``results_for`` the caller, given with all that is to be shown of them, for a page of a list."""
    if caller.may(Ability.SEE_ALL_RESULTS):
        return results
    return narrowed(results, "job", _seen_by(caller).values("job"))


def results_of_photo(
    results: "QuerySet[ShownResult]", caller: Caller, **photo: Any
) -> "QuerySet[ShownResult]":
    """Return those of a caller's results that show such a photo, as the first garment or as a further one."""
    garments = apps.get_model("tryon", "ViewerGarment")._default_manager.filter(
        **{f"product_image__{name}": value for name, value in photo.items()}
    )
    if not caller.may(Ability.SEE_ALL_RESULTS):
        garments = garments.filter(viewer__requester=caller.requester)
    shown = {SHOWN[name]: value for name, value in photo.items()}
    return results.filter(Q(**shown) | Q(job__in=garments.values("viewer__job")))


def _seen_by(caller: Caller) -> QuerySet[Any]:
    viewers = apps.get_model("tryon", "JobViewer")._default_manager
    return viewers.filter(requester=caller.requester, left_at=None)


def result_for(caller: Caller, result_id: UUID) -> TryOnResult:
    """Return one result. Raise ResultNotFound."""
    return first_or(ResultNotFound, results_for(caller).filter(pk=result_id))
