"""Credits per day (UTC), counted from the predictions, so that they survive a restart.

A prediction belongs to the day of its submission: one that fails after midnight gives yesterday its credits
back, not today.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import Case, F, Q, Sum, When
from django.utils import timezone

from tryon.models import Prediction, PredictionState


def credits_spent_today(now: datetime | None = None) -> int:
    """Credits paid today, and those that predictions under way or of unknown fate may cost."""
    midnight = (now or timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0)
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
    return max(0, limit - credits_spent_today())
