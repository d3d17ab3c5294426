"""Credits per day (UTC), counted from the predictions, so that they survive a restart.

A prediction belongs to the day of its submission: one that fails after midnight gives yesterday its credits
back, not today.
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
    """Credits paid today, and those that predictions under way or of unknown fate may cost."""
    midnight = (now or clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    today = Prediction.objects.filter(
        Q(submitted_at__gte=midnight) | Q(state=PredictionState.RESERVED)
    ).exclude(state=PredictionState.FAILED)
    price = Case(When(state=PredictionState.SUCCEEDED, then=F("credits_used")), default=F("price"))
    return int(today.aggregate(credits=Sum(price))["credits"] or 0)


def credits_left_today() -> int | None:
    """Credits of TRYON_DAILY_LIMIT that are left; None where no limit is set."""
    if not settings.TRYON_DAILY_LIMIT:
        return None
    limit: int = settings.TRYON_DAILY_LIMIT
    return max(0, limit - credits_spent_today() - _credits_to_come())


def credits_to_pay(job: TryOnJob) -> int:
    """What a queued job has still to pay."""
    options = _readable(job.options)
    if options is None:
        return 0
    return total_credits(options, first_step=first_open_step(job, steps=len(steps(options))))


def _credits_to_come() -> int:
    """What jobs under way will cost beside the calls that they have made so far: their further steps."""
    under_way = TryOnJob.objects.filter(status=Status.PROCESSING, options__has_key="background").order_by()
    latest = under_way.annotate(step=Max("predictions__step")).values_list("options", "step")
    return sum(
        total_credits(options, first_step=step + 1)
        for options, step in ((_readable(row), step) for row, step in latest)
        if options is not None and step is not None
    )


def _readable(options: Mapping[str, Any]) -> TryOnOptions | None:
    """None for options of another time. Their job pays nothing, for it fails."""
    try:
        return TryOnOptions.from_mapping(options)
    except OptionError:
        return None
