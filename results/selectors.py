"""Reading results."""

from django.db.models import QuerySet
from django.utils import timezone

from results.models import Review, TryOnResult


def result_live(cache_key: str) -> TryOnResult | None:
    """The result that identical requests may share: neither expired nor rejected."""
    return result_list_live().filter(cache_key=cache_key).first()


def result_list_live() -> QuerySet[TryOnResult]:
    """Results that may be shown and reused."""
    return TryOnResult.objects.filter(expires_at__gt=timezone.now()).exclude(review=Review.REJECTED)
