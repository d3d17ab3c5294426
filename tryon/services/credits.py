"""The daily credits of a shop, of its keys and of its shoppers."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.shops.callers import Caller
from tryon.engine import governor
from tryon.models import Payer, TryOnJob


class UsedUp(DomainError):
    """Nothing is left for now. ``wait`` is the time until there is more, in seconds, for Retry-After."""

    status: ClassVar[int] = 429
    retryable: ClassVar[bool] = True

    def __init__(self, *, wait: int, details: Mapping[str, Any]) -> None:
        super().__init__(details=details)
        self.wait = wait


class ShopperLimitReached(UsedUp):
    code: ClassVar[str] = "shopper_limit_reached"
    message: Any = _("You have used today's try-ons. Try again tomorrow.")


class KeyBudgetReached(UsedUp):
    code: ClassVar[str] = "key_budget_reached"
    message: Any = _("Today's try-ons of this key are used up. Try again tomorrow.")


class ShopBudgetReached(UsedUp):
    code: ClassVar[str] = "shop_budget_reached"
    message: Any = _("Today's try-ons of this shop are used up. Try again tomorrow.")


class DailyLimitTooLow(DomainError):
    code: ClassVar[str] = "daily_limit_too_low"
    status: ClassVar[int] = 409
    message: Any = _("One try-on with these options costs more than a day's credits. Choose other options.")


REFUSALS: Final[Mapping[str, type[UsedUp]]] = {
    "shopper": ShopperLimitReached,
    "key": KeyBudgetReached,
    "shop": ShopBudgetReached,
}


def payer_of(caller: Caller) -> Payer:
    """Return the budgets that the caller's try-ons use. A test and a person of the staff use none."""
    shopper = caller.requester if caller.is_shopper else ""
    return Payer(None if caller.is_test else caller.shop or None, caller.key_id, shopper)


def check_credits(job: TryOnJob) -> None:
    """Refuse a job for which a budget of its payer has no room. It is queued, under the governor's lock.

    Raise DailyLimitTooLow, ShopperLimitReached, KeyBudgetReached and ShopBudgetReached.
    """
    payer, api_key, shopper, price = TryOnJob.objects.values_list("payer", "api_key", "shopper", "price").get(
        pk=job.pk
    )
    if payer is None:
        return
    for budget in governor.budgets_of(api_key, shopper):
        if 0 < budget.most < price:
            raise DailyLimitTooLow
        used = governor.credits_used_by(payer, **budget.only)
        if used.spent + used.reserved > budget.most:
            raise _refusal(budget, used.spent, used.reserved - price, price)


def _refusal(budget: governor.Budget, spent: int, reserved: int, price: int) -> UsedUp:
    midnight = governor.next_day()
    details = {
        "limit": budget.most,
        "creditsNeeded": price,
        "creditsSpent": spent,
        "creditsReserved": reserved,
        "creditsLeft": max(0, budget.most - spent - reserved),
        "resetsAt": midnight.at.isoformat(),
    }
    return REFUSALS[budget.whose](wait=math.ceil(midnight.seconds), details=details)
