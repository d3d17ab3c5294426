"""Leases: two people never have the same result in front of them.

In the review room a decision on what another person has in hand is refused: one of the two would work for
nothing. Without any lease it counts, for a page that slept or was offline has lost its own, and the review
that it has seen tells whether somebody was faster. Who opens a result's own page, or chooses results in
their list, does so on purpose, and decides there in any case.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from results.models import TryOnResult
from tryon.review.models import ReviewLease

# The page renews its leases three times as often.
LEASE: Final = timedelta(seconds=90)
ROUNDS: Final = 3


class InHand(DomainError):
    """``details``: the ``person`` who has the result in hand."""

    code: ClassVar[str] = "in_hand"
    status: ClassVar[int] = 409
    message: Any = _("Somebody else has this result in hand now. Your decision does not count.")


def require_not_in_hand(result_id: UUID, person: User) -> None:
    """Raise InHand if another person has a result in front of them."""
    leases = _held_by_others(person).filter(result=result_id)
    name = leases.values_list("person__username", flat=True).first()
    if name is not None:
        raise InHand(details={"person": name})


def not_in_hand(results: QuerySet[TryOnResult], person: User) -> QuerySet[TryOnResult]:
    """Return those of the results that no other person has in front of them."""
    return results.filter(~Exists(_held_by_others(person).filter(result=OuterRef("pk"))))


def take(
    results: QuerySet[TryOnResult], person: User, *, most: int, without: Collection[UUID] = ()
) -> list[UUID]:
    """Lease the first of these results that nobody else has, and return their ids in order."""
    ReviewLease.objects.filter(person=person, until__lte=clock.now()).delete()
    taken: list[UUID] = []
    # Between the question and the lease another person may be faster: ask again.
    for _round in range(ROUNDS):
        free = not_in_hand(results, person).exclude(pk__in=[*without, *taken])
        ids = list(free.values_list("pk", flat=True)[: most - len(taken)])
        if not ids:
            break
        mine = hold(ids, person)
        taken += [key for key in ids if key in mine]
        if len(taken) == most:
            break
    return taken


def hold(ids: Sequence[UUID], person: User) -> set[UUID]:
    """Take or renew the leases of results, and return the ids of those that the person has now."""
    now = clock.now()
    try:
        with transaction.atomic():
            ReviewLease.objects.bulk_create(
                [ReviewLease(result_id=key, person=person, until=now + LEASE) for key in sorted(ids)],
                ignore_conflicts=True,
            )
            free = ReviewLease.objects.filter(Q(until__lte=now) | Q(person=person), result__in=ids)
            # In one order, so that two people do not wait for each other.
            keys = list(free.select_for_update().order_by("pk").values_list("pk", flat=True))
            free.filter(pk__in=keys).update(person=person, until=now + LEASE)
    except IntegrityError:  # one of the results has just been deleted
        return set()
    held = ReviewLease.objects.filter(result__in=ids, person=person, until__gt=now)
    return set(held.values_list("pk", flat=True))


def let_go(ids: Collection[UUID], person: User) -> None:
    """Give a person's leases of these results back."""
    ReviewLease.objects.filter(result__in=ids, person=person).delete()


def _held_by_others(person: User) -> QuerySet[ReviewLease]:
    return ReviewLease.objects.filter(until__gt=clock.now()).exclude(person=person)
