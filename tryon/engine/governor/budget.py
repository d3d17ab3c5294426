"""Credits per day (UTC), counted from the predictions, so that they survive a restart.

A prediction belongs to the day of its submission. One that fails after midnight gives its credits back to
yesterday, not to today.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Case, F, Max, Q, Sum, When

from config.core import clock
from tryon.fashn.inputs import steps, total_credits
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.selectors import first_open_step


def credits_spent_today(now: datetime | None = None) -> int:
    """Return the credits paid today, plus those that active and unknown predictions may cost."""
    midnight = (now or clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    today = Prediction.objects.filter(
        Q(submitted_at__gte=midnight) | Q(state=PredictionState.RESERVED)
    ).exclude(state=PredictionState.FAILED)
    price = Case(When(state=PredictionState.SUCCEEDED, then=F("credits_used")), default=F("price"))
    return int(today.aggregate(credits=Sum(price))["credits"] or 0)


def credits_left_today() -> int | None:
    """Return the credits left of TRYON_DAILY_LIMIT, None without a limit."""
    if not settings.TRYON_DAILY_LIMIT:
        return None
    limit: int = settings.TRYON_DAILY_LIMIT
    return max(0, limit - credits_spent_today() - _credits_to_come())


def credits_to_pay(job: TryOnJob) -> int:
    """Return the credits that a queued job has still to pay."""
    options = _readable(job.options)
    if options is None:
        return 0
    return total_credits(options, first_step=first_open_step(job, steps=len(steps(options))))


def _credits_to_come() -> int:
    """Return the credits for the further steps of active jobs, beyond the predictions they have made."""
    under_way = TryOnJob.objects.filter(status=Status.PROCESSING, options__has_key="background").order_by()
    latest = under_way.annotate(step=Max("predictions__step")).values_list("options", "step")
    return sum(
        total_credits(options, first_step=step + 1)
        for options, step in ((_readable(row), step) for row, step in latest)
        if options is not None and step is not None
    )


def _readable(options: Mapping[str, Any]) -> TryOnOptions | None:
    """Return the options, None if they are outdated. Their job then fails and pays nothing."""
    try:
        return TryOnOptions.from_mapping(options)
    except OptionError:
        return None
