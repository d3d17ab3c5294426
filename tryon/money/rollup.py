"""The rollup, kept as the ledger is.

Each change of a job or a call writes an event beside it, so the events since the last rollup name the days to
roll up again. What has no event (a review, feedback, a result or a job that goes) leaves a ``ChangedDay``. A
reader takes the rows of such a day, and of today, from the ledger itself: the sum is always the ledger's.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Min, QuerySet
from django.db.models.signals import post_save
from django.dispatch import receiver

from config.core import clock
from results.models import ResultFeedback, ReviewDecision, TryOnResult
from results.signals import leaving, reviewed
from tryon.cleanup.signals import jobs_leaving
from tryon.models import EventKind, JobEvent, Prediction
from tryon.money.ledger import (
    COLUMNS,
    COMMON,
    DAY,
    SUMS,
    calls_of_days,
    complaints_of,
    days_of,
    spending_of,
)
from tryon.money.models import ChangedDay, Complaint, OfCalls, RemovedResult, Rollup, Spending

# An event has the time before its commit, and a long transaction commits later.
MARGIN: Final = timedelta(minutes=5)

# After these a call, its job or its outcome is another.
TELLING: Final = (
    EventKind.PICTURE_READY,
    EventKind.PREDICTION_UNKNOWN,
    EventKind.PREDICTION_FAILED,
    EventKind.RESCUE_PLANNED,
    EventKind.ADOPTED,
    EventKind.SUBMITTED,
    EventKind.RESUMED,
    EventKind.HANDED_OVER,
    EventKind.INHERITED,
    EventKind.COMPLETED,
    EventKind.FAILED,
    EventKind.CANCELED,
    EventKind.RETRIED,
    EventKind.BACKED_OFF,
    EventKind.REVIVED,
    EventKind.RESCUED,
    EventKind.PASSED_ON,
    EventKind.ERASED,
)


def live_days(first: date, last: date) -> set[date]:
    """Return the days of a period that the rollup does not have, or has as they were."""
    today = clock.now().date()
    state = Rollup.objects.first()
    if state is None or state.through is None or state.at is None:
        rolled, changed = date.min, set[date]()
    else:
        rolled, changed = state.through, _changed_since(state.at)
    period = (first + DAY * number for number in range((last - first).days + 1))
    return {day for day in period if day <= today and (day > rolled or day in changed)}


def roll_up() -> int:
    """Roll up the days that have changed since the last time, and return their number."""
    now = clock.now()
    state = Rollup.objects.get_or_create(number=Rollup.THE_ONE)[0]
    marks = list(ChangedDay.objects.values_list("pk", flat=True))
    yesterday = now.date() - DAY
    first = _first_day() if state.through is None else state.through + DAY
    new = {first + DAY * number for number in range((yesterday - first).days + 1)}
    changed = set() if state.at is None else {day for day in _changed_since(state.at) if day <= yesterday}
    for day in sorted(new | changed):
        _roll_day(day)
    Rollup.objects.filter(number=Rollup.THE_ONE).update(through=yesterday, at=now)
    ChangedDay.objects.filter(pk__in=marks).delete()
    return len(new | changed)


def rebuild() -> int:
    """Roll up all days again, and return their number. What cleanups have archived stays."""
    Rollup.objects.update(through=None, at=None)
    return roll_up()


def _first_day() -> date:
    """Return the day of the first call that is there or was rolled up, else today."""
    firsts: list[date | None] = [Spending.objects.aggregate(first=Min("day"))["first"]]
    at: datetime | None = Prediction.objects.aggregate(first=Min("submitted_at"))["first"]
    firsts.append(at.date() if at else None)
    return min((day for day in firsts if day), default=clock.now().date())


def _changed_since(at: datetime) -> set[date]:
    events = JobEvent.objects.filter(kind__in=TELLING, at__gte=at - MARGIN).order_by()
    calls = Prediction.objects.filter(job__in=events.values("job"))
    return days_of(calls) | {*ChangedDay.objects.values_list("day", flat=True).distinct()}


def _roll_day(day: date) -> None:
    """Make the rows of a day again, and merge those of its archive."""
    with transaction.atomic():
        Rollup.objects.select_for_update().get(number=Rollup.THE_ONE)
        calls = calls_of_days([day])
        _replace(Spending.objects.filter(day=day, is_archived=False), spending_of(calls))
        _replace(Complaint.objects.filter(day=day, is_archived=False), complaints_of(calls))
        _merge(Spending, day, COLUMNS, SUMS)
        _merge(Complaint, day, (*COMMON, "reason"), ["number"])


def _replace[Row: OfCalls](rows: QuerySet[Row], by: Iterable[Row]) -> None:
    rows.delete()
    rows.model._default_manager.bulk_create(by)


def _merge[Row: OfCalls](kind: type[Row], day: date, columns: Sequence[str], sums: Sequence[str]) -> None:
    """Make one row of the archived rows of a day that have their columns in common."""
    rows = kind._default_manager.filter(day=day, is_archived=True)
    found = list(rows.values("pk", *columns, *sums))
    totals: dict[tuple[Any, ...], Counter[str]] = {}
    for row in found:
        total = totals.setdefault(tuple(row[name] for name in columns), Counter())
        total.update({name: row[name] for name in sums})
    if len(totals) == len(found):
        return
    rows.filter(pk__in=[row["pk"] for row in found]).delete()
    kind._default_manager.bulk_create(
        kind(**dict(zip(columns, key, strict=True)), **total, is_archived=True)
        for key, total in totals.items()
    )


def _mark(job_ids: Iterable[UUID]) -> None:
    days = days_of(Prediction.objects.filter(job__in=[*job_ids]))
    ChangedDay.objects.bulk_create(ChangedDay(day=day) for day in days)


@receiver(reviewed)
def note_reviews(job_ids: list[UUID], **_: Any) -> None:
    """Note that the outcomes of jobs are others."""
    _mark(job_ids)


@receiver(post_save, sender=ResultFeedback)
@receiver(post_save, sender=ReviewDecision)
def note_reasons(instance: ResultFeedback | ReviewDecision, **_: Any) -> None:
    """Note that somebody judged a job's picture."""
    _mark([instance.job_id])


@receiver(leaving)
def keep_reviews(results: list[TryOnResult], **_: Any) -> None:
    """Keep the reviews of results that go: the money's history needs them."""
    reviews = dict(
        TryOnResult.objects.filter(pk__in=[result.pk for result in results]).values_list("job_id", "review")
    )
    RemovedResult.objects.bulk_create(
        (RemovedResult(job_id=job_id, review=review) for job_id, review in reviews.items()),
        update_conflicts=True,
        unique_fields=["job"],
        update_fields=["review"],
    )
    _mark(reviews)


@receiver(jobs_leaving)
def archive(job_ids: list[UUID], **_: Any) -> None:
    """Keep the sums of jobs that go."""
    calls = Prediction.objects.filter(job__in=job_ids)
    _mark(job_ids)
    Spending.objects.bulk_create(spending_of(calls, is_archived=True))
    Complaint.objects.bulk_create(complaints_of(calls, is_archived=True))
