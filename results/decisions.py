"""Decisions of people on results: made, undone, and remembered with who made them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from results.access import ResultNotFound
from results.models import Decision, Review, ReviewDecision, TryOnResult
from results.services import result_review

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

# The review after each decision. A skipped result stays as it is.
REVIEW_AFTER: Final = {
    Decision.APPROVED: Review.APPROVED,
    Decision.REJECTED: Review.REJECTED,
    Decision.ALMOST: Review.ALMOST,
}


class DecidedMeanwhile(DomainError):
    """``details``: the present ``review``, and ``person`` who decided, if that is known."""

    code: ClassVar[str] = "decided_meanwhile"
    status: ClassVar[int] = 409
    message: Any = _("Somebody else has decided on this result. Your decision does not count.")


class NotToBeUndone(DomainError):
    """``details`` as of DecidedMeanwhile."""

    code: ClassVar[str] = "not_to_be_undone"
    status: ClassVar[int] = 409
    message: Any = _("This can't be undone: somebody else has decided since, or has the result in hand.")


def decidable() -> QuerySet[TryOnResult]:
    """Return the results that people may judge: never those on shoppers' own photos."""
    return TryOnResult.objects.filter(job__shopper_photo=None)


@transaction.atomic
def decide(
    *,
    decision_id: UUID,
    result_id: UUID,
    person: "User",
    verdict: Decision,
    seen: Review,
    reasons: Sequence[str] = (),
    comment: str = "",
) -> ReviewDecision:
    """Store a person's decision on a result that they saw with the review ``seen``, and let it hold.

    A repeated call with the same id changes nothing. Raise ResultNotFound and DecidedMeanwhile.
    """
    result = decidable().select_for_update(of=("self",)).filter(pk=result_id).first()
    known = ReviewDecision.objects.filter(pk=decision_id).first()
    if known is not None and known.person_id == person.pk:
        return known
    if result is None:
        raise ResultNotFound
    if known is not None or result.review != seen:
        raise DecidedMeanwhile(details=last_word(result))
    if verdict in REVIEW_AFTER:
        result_review([result], REVIEW_AFTER[verdict])
    return ReviewDecision.objects.create(
        pk=decision_id,
        job_id=result.job_id,
        result=result,
        person=person,
        verdict=verdict,
        before=result.review,
        reasons=list(dict.fromkeys(reasons)),
        comment=comment,
    )


@transaction.atomic
def decide_all(
    results: Iterable[TryOnResult],
    *,
    person: "User | AnonymousUser",
    verdict: Decision,
    seen: Review | None = None,
    reasons: Sequence[str] = (),
) -> int:
    """Decide on many results at once, and return how many changed.

    With ``seen``, those that have another review by now stay as they are.
    """
    ids = [result.pk for result in results]
    wanted = decidable().filter(pk__in=ids).exclude(review=REVIEW_AFTER[verdict])
    rows = list(wanted.filter(Q() if seen is None else Q(review=seen)).select_for_update(of=("self",)))
    ReviewDecision.objects.bulk_create(
        ReviewDecision(
            job_id=row.job_id,
            result=row,
            person_id=person.pk,
            verdict=verdict,
            before=row.review,
            reasons=list(dict.fromkeys(reasons)),
        )
        for row in rows
    )
    return result_review(rows, REVIEW_AFTER[verdict])


@transaction.atomic
def undo(decision_id: UUID, person: "User") -> ReviewDecision:
    """Take a person's own decision back, and let the review before it hold again.

    A repeated call changes nothing. Raise ResultNotFound, and NotToBeUndone after a later decision.
    """
    decision = ReviewDecision.objects.filter(pk=decision_id, person=person).first()
    result = None
    if decision is not None and decision.result_id is not None:
        result = decidable().select_for_update(of=("self",)).filter(pk=decision.result_id).first()
    if decision is None or result is None:
        raise ResultNotFound
    decision.refresh_from_db()  # under the result's lock
    if decision.undone_at is not None:
        return decision
    after = REVIEW_AFTER.get(Decision(decision.verdict), Review(decision.before))
    if result.review != after or _later(decision).exists():
        raise NotToBeUndone(details=last_word(result))
    result_review([result], Review(decision.before))
    decision.undone_at = clock.now()
    decision.save(update_fields=["undone_at"])
    return decision


def last_word(result: TryOnResult) -> dict[str, str]:
    """Return the present review of a result, and who decided so."""
    last = standing(result.decisions.all()).select_related("person").order_by("-at").first()
    person = last.person if last is not None else None
    return {"review": result.review, "person": person.get_username() if person is not None else ""}


def standing(decisions: QuerySet[ReviewDecision]) -> QuerySet[ReviewDecision]:
    """Return the decisions that changed a review and have not been undone."""
    return decisions.filter(undone_at=None).exclude(verdict=Decision.SKIPPED)


def _later(decision: ReviewDecision) -> QuerySet[ReviewDecision]:
    others = ReviewDecision.objects.filter(result=decision.result_id, at__gte=decision.at)
    return standing(others).exclude(pk=decision.pk)
