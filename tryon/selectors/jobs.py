"""Queries on jobs: those that are ready, waiting for a person, or over."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.cache import caches
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tryon.failures import CURABLE
from tryon.models import (
    ACTIVE,
    IN_FLIGHT,
    EventKind,
    JobEvent,
    Prediction,
    PredictionState,
    Status,
    TryOnJob,
)

# A count of fewer rows than this is fast.
LARGE: Final = 500
REMEMBER_LARGE_SECONDS: Final = 60


def jobs_ready(account: str, now: datetime) -> QuerySet[TryOnJob]:
    """Return the queued jobs whose back-off is over, in the order of their start."""
    ready = Q(not_before=None) | Q(not_before__lte=now)
    return in_queue_order(TryOnJob.objects.filter(ready, account=account, status=Status.QUEUED))


def in_queue_order(jobs: QuerySet[TryOnJob]) -> QuerySet[TryOnJob]:
    return jobs.order_by(F("lane").desc(), "created_at")


def jobs_without_price(account: str) -> QuerySet[TryOnJob]:
    """Return the queued jobs without a price.

    They have paid for all, or an earlier release, which knows no prices, has queued them during a deploy.
    """
    # PostgreSQL takes "= 0" for common, because ended jobs have no price, and would read the whole queue.
    found = TryOnJob.objects.filter(account=account, status=Status.QUEUED, price__lte=0)
    return found.order_by("price")


def jobs_showing(photo_id: UUID) -> list[UUID]:
    """Return the ids of the jobs that show a product photo's id and product to one of their viewers."""
    shown = Q(product_image=photo_id) | Q(viewers__product_image=photo_id)
    shown |= Q(viewers__garments__product_image=photo_id)
    return list(TryOnJob.objects.filter(shown).order_by().distinct().values_list("pk", flat=True))


def job_counts(account: str) -> dict[str, int]:
    """Return the number of an account's jobs in each status. Large ones may be a minute old."""
    numbers = {}
    for status in Status.values:
        jobs, name = TryOnJob.objects.filter(account=account, status=status), f"jobs:{account}:{status}"
        numbers[status] = jobs.count() if status in ACTIVE else remembered_count(name, jobs)
    return numbers


def remembered_count(name: str, rows: QuerySet[Any]) -> int:
    """Return the number of rows. Each process remembers a large number for a minute."""
    known: int | None = caches["process"].get(f"count:{name}")
    if known is not None:
        return known
    number = rows.count()
    if number >= LARGE:
        caches["process"].set(f"count:{name}", number, REMEMBER_LARGE_SECONDS)
    return number


def dead_letters() -> QuerySet[TryOnJob]:
    """Return the failed jobs that another try may cure. A person decides on them."""
    return TryOnJob.objects.filter(status=Status.FAILED, error_code__in=CURABLE)


def jobs_over(*, before: datetime) -> QuerySet[TryOnJob]:
    """Return the jobs that ended before a time and have neither a result nor a picture to come or at hand."""
    open_calls = Q(state__in=[*IN_FLIGHT, PredictionState.UNKNOWN]) | Q(rescue_at__isnull=False) | ~Q(kept="")
    needed = Prediction.objects.filter(open_calls, job=OuterRef("pk"))
    ended = TryOnJob.objects.filter(updated_at__lt=before, result=None).exclude(status__in=ACTIVE)
    return ended.exclude(Exists(needed))


def jobs_to_archive(*, before: datetime) -> QuerySet[TryOnJob]:
    """Return those of ``jobs_over`` whose shopper's photo, if they have one, is gone."""
    return jobs_over(before=before).exclude(shopper_photo__processed__gt="")


def events_of_finished_jobs(*, before: datetime) -> QuerySet[JobEvent]:
    """Return the events from before a time, except events of active jobs and counted events."""
    old = JobEvent.objects.filter(at__lt=before).exclude(kind=EventKind.RESCUED)
    return old.exclude(job__status__in=ACTIVE)
