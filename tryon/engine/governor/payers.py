"""The credits that one shop, one of its keys or one of its shoppers uses today (UTC), counted from rows."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from config.core import clock
from config.shops.models import ApiKey, Kind
from config.shops.shoppers import name_of_erased
from tryon.engine.governor.budget import next_day
from tryon.engine.governor.sums import Part, sums
from tryon.models import ACTIVE, Prediction, PredictionState, TryOnJob

# Those that may cost something. An index has the state before the time.
SENT: Final = (
    PredictionState.SENDING,
    PredictionState.RUNNING,
    PredictionState.SUCCEEDED,
    PredictionState.UNKNOWN,
)


class Budget(NamedTuple):
    """The most credits of a day, whose they are, and the condition for the calls that they count."""

    whose: Literal["shopper", "key", "shop"]
    most: int
    only: Mapping[str, Any]


class Usage(NamedTuple):
    """Credits. The reserved ones are for calls under way, for calls to come, and for unknown ones."""

    spent: int
    reserved: int


def credits_used_by(payer: str, **only: Any) -> Usage:
    """Return the credits of a payer's calls today. ``only`` is a condition on the key or the shopper.

    A call belongs to who has asked for it, also if a later attempt has taken it over. A promise by it needs
    the lock.
    """
    midnight = next_day().at - timedelta(days=1)
    calls = Prediction.objects.filter(payer=payer, **only)
    today = calls.filter(state__in=SENT, submitted_at__gte=midnight)
    is_paid = Q(state=PredictionState.SUCCEEDED)
    spent, *reserved = sums(
        Part(today.filter(is_paid), "credits_used"),
        Part(today.exclude(is_paid)),
        # SQLite would look at every call of the payer's for its state.
        Part(calls.filter(state=PredictionState.RESERVED, submitted_at=None)),
        Part(TryOnJob.objects.filter(payer=payer, status__in=ACTIVE, **only)),
    )
    return Usage(spent, sum(reserved))


def budgets_of(api_key: UUID | None, shopper: str) -> Iterator[Budget]:
    """Yield the budgets of who asks with a key, the narrowest first."""
    key = api_key and ApiKey.objects.select_related("shop").filter(pk=api_key).first()
    if not key:
        return
    shop = key.shop
    if shopper and shop is not None and shop.shopper_daily_credits is not None:
        erased = name_of_erased(shopper, clock.now().date())
        yield Budget("shopper", shop.shopper_daily_credits, {"shopper__in": [shopper, erased]})
    if (most := _most_of(key)) is not None:
        yield Budget("key", most, {"api_key": key.pk})
    if shop is not None and shop.daily_credits is not None:
        yield Budget("shop", shop.daily_credits, {})


def is_over_budget(job: TryOnJob) -> bool:
    """Return whether the calls of a job's payer exceed a budget, with those that the job has still to make.

    It needs the lock.
    """
    payer = job.payer
    if payer is None:
        return False
    budgets = budgets_of(job.api_key, job.shopper)
    return any(sum(credits_used_by(payer, **budget.only)) > budget.most for budget in budgets)


def _most_of(key: ApiKey) -> int | None:
    if key.daily_credits is None and key.kind == Kind.PUBLISHABLE:
        return settings.PUBLISHABLE_KEY_DAILY_CREDITS or None
    return key.daily_credits
