"""Fallbacks in answers: pictures to show, marked as such, while the wanted one is not to be had."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.core.http.idempotency.answers import Fleeting
from config.shops.callers import caller_of
from results.api.serializers import ResultAnswer, result_answers
from tryon.services.credits import ShopperLimitReached, UsedUp
from tryon.services.limits import QueueFull
from tryon.services.shown_instead import results_instead

NUMBERS: Final = frozenset({"limit", "creditsSpent", "creditsReserved", "creditsLeft"})
MARK = _("Always true: another try-on of the same product. Never show it as the one that was asked for.")


class FallbackAnswer(ResultAnswer):
    """An approved picture of the same product, to show in place of one that can't be made now."""

    fallback: Annotated[bool, MARK]


def fallback_answers(request: Request, product_image_id: UUID) -> list[FallbackAnswer]:
    """Return pictures of the photo's product, with fresh addresses.

    An answer that is repeated hours later comes without them: they may be rejected or withdrawn by then.
    """
    results = results_instead(caller_of(request), product_image_id)
    answers = result_answers(results, request)
    return Fleeting(cast(FallbackAnswer, {**answer, "fallback": True}) for answer in answers)


@contextmanager
def fallbacks_in_refusals(request: Request, product_image_id: UUID) -> Iterator[None]:
    """Add ``details.fallbacks`` to a refusal over a limit. A browser is not told the numbers of a shop."""
    try:
        yield
    except (UsedUp, QueueFull) as error:
        caller = caller_of(request)
        if (caller.is_visitor or caller.is_publishable) and not isinstance(error, ShopperLimitReached):
            error.details = {name: value for name, value in error.details.items() if name not in NUMBERS}
        error.details["fallbacks"] = fallback_answers(request, product_image_id)
        raise
