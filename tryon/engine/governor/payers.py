"""The credits that one shop, one of its keys or one of its shoppers uses today (UTC), counted from rows."""

from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Q, Sum

from tryon.engine.governor.budget import next_day
from tryon.models import ACTIVE, Prediction, PredictionState, TryOnJob

# Those that may cost something. An index has the state before the time.
SENT: Final = (
    PredictionState.SENDING,
    PredictionState.RUNNING,
    PredictionState.SUCCEEDED,
    PredictionState.UNKNOWN,
)


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
    calls = Prediction.objects.filter(payer=payer, **only).order_by()
    is_paid = Q(state=PredictionState.SUCCEEDED)
    today = calls.filter(state__in=SENT, submitted_at__gte=midnight).aggregate(
        spent=Sum("credits_used", filter=is_paid), open=Sum("price", filter=~is_paid)
    )
    # SQLite would look at every call of the payer's for its state.
    not_sent = calls.filter(state=PredictionState.RESERVED, submitted_at=None)
    with_slot = not_sent.aggregate(credits=Sum("price"))
    jobs = TryOnJob.objects.filter(payer=payer, status__in=ACTIVE, **only).order_by()
    to_come = jobs.aggregate(credits=Sum("price"))
    reserved = (today["open"], with_slot["credits"], to_come["credits"])
    return Usage(today["spent"] or 0, sum(credits or 0 for credits in reserved))
