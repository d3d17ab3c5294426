"""The ledger of paid calls: the predictions, with what each was for and what came of it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    UUIDField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lower, TruncDate

from results.models import ResultFeedback, Review, ReviewDecision, Verdict
from tryon.accounts import queue_of
from tryon.batches.models import BatchItem, ItemState
from tryon.models import EventKind, JobEvent, Prediction, PredictionState, Status
from tryon.money.models import Complaint, Outcome, Spending

DAY: Final = timedelta(days=1)
# Of Spending. The first of them are of Complaint too.
COMMON: Final = ("day", "account", "party", "batch_id", "model_image_id", "garment_type")
COLUMNS: Final = (*COMMON, "model_name", "speed", "outcome", "is_rescued")
SUMS: Final = ("calls", "credits", "unknown_calls", "unknown_credits", "pictures")

_OUTCOMES: Final = {
    Review.PENDING: Outcome.TO_REVIEW,
    Review.APPROVED: Outcome.APPROVED,
    Review.ALMOST: Outcome.ALMOST,
    Review.REJECTED: Outcome.REJECTED,
}
_IS_PAID: Final = Q(state=PredictionState.SUCCEEDED)
_IS_UNKNOWN: Final = Q(state=PredictionState.UNKNOWN)
# The same as conditions that no index serves: SQLite would find nearly all calls by their state, for each row
# (8 s for a day of 100,000 calls), where those of a day or of a job are few.
_UNPAID: Final = [state for state in PredictionState if state != PredictionState.SUCCEEDED]
_COSTLESS: Final = [state for state in _UNPAID if state != PredictionState.UNKNOWN]
_AMONG_PAID: Final = ~Q(state__in=_UNPAID)
_AMONG_COSTLY: Final = ~Q(state__in=_COSTLESS)
# The paid calls of a call's job that were made after it.
_LATER: Final = Prediction.objects.filter(
    _AMONG_PAID, job=OuterRef("job"), created_at__gt=OuterRef("created_at")
)


class Line(NamedTuple):
    """The columns and the sums of calls that have the columns in common."""

    columns: dict[str, Any]
    sums: dict[str, int]


def calls_of_days(days: Collection[date]) -> QuerySet[Prediction]:
    """Return the calls that were submitted on these days, UTC."""
    match = Q(pk__in=[])
    for first, last in _spans(days):
        match |= Q(submitted_at__gte=_midnight(first), submitted_at__lt=_midnight(last + DAY))
    return Prediction.objects.filter(match)


def described(calls: QuerySet[Prediction]) -> QuerySet[Prediction]:
    """Return the paid and the unknown among calls, with Spending's columns.

    A call of a shop stays the shop's, also if a later attempt has taken it over. Those of the staff and of
    tests belong to who asked for the job.
    """
    kinds = JobEvent.objects.alias(name=Lower("kind"))  # so that the job's index serves, and not the kind's
    rescues = kinds.filter(job=OuterRef("job"), name=EventKind.RESCUED)
    return (
        calls.filter(_AMONG_COSTLY, submitted_at__isnull=False)
        .order_by()
        .annotate(
            day=TruncDate("submitted_at", tzinfo=UTC),
            party=Coalesce("payer", "job__requester"),
            batch_id=Subquery(_items().values("batch_id")[:1], output_field=UUIDField()),
            model_image_id=F("job__model_image_id"),
            garment_type=Coalesce(
                KeyTextTransform("garmentPhotoType", "job__options"), Value("auto"), output_field=CharField()
            ),
            outcome=_outcome(),
            is_rescued=Exists(rescues),
        )
    )


def lines(calls: QuerySet[Prediction]) -> Iterator[Line]:
    """Yield the sums of calls by all columns."""
    is_last = _IS_PAID & Q(job__status=Status.COMPLETED) & ~Q(Exists(_LATER))
    rows = (
        described(calls)
        .values(*COLUMNS)
        .annotate(
            calls=Count("pk", filter=_IS_PAID),
            credits=Coalesce(Sum("credits_used", filter=_IS_PAID), 0),
            unknown_calls=Count("pk", filter=_IS_UNKNOWN),
            unknown_credits=Coalesce(Sum("price", filter=_IS_UNKNOWN), 0),
            pictures=Count("pk", filter=is_last),
        )
    )
    for row in rows:
        yield Line(_columns(row, COLUMNS), {name: row[name] for name in SUMS})


def spending_of(calls: QuerySet[Prediction], *, is_archived: bool = False) -> list[Spending]:
    """Return the rows of the rollup for calls, not saved."""
    return [Spending(**line.columns, **line.sums, is_archived=is_archived) for line in lines(calls)]


def complaints_of(calls: QuerySet[Prediction], *, is_archived: bool = False) -> list[Complaint]:
    """Return the reasons given against the pictures of calls, counted, not saved.

    A reason counts for the columns of the job's last paid call, once for each person who gave it.
    """
    last: dict[UUID, dict[str, Any]] = {}
    given = _reasons_given(calls)
    rows = described(calls.filter(~Exists(_LATER), _AMONG_PAID, job__in=[job for job, _ in given]))
    for row in rows.order_by("created_at").values("job", *COMMON):
        last[row["job"]] = _columns(row, COMMON)
    numbers: Counter[tuple[Any, ...]] = Counter()
    for job, reasons in given:
        if job in last:
            numbers.update((*last[job].values(), str(reason)) for reason in {*reasons})
    return [
        Complaint(**dict(zip((*COMMON, "reason"), key, strict=True)), number=number, is_archived=is_archived)
        for key, number in numbers.items()
    ]


def _columns(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the columns of a row of calls. The money of a queue's accounts is one."""
    return {name: queue_of(row[name]) if name == "account" else row[name] for name in names}


def _reasons_given(calls: QuerySet[Prediction]) -> list[tuple[UUID, list[str]]]:
    """Return each set of reasons that a person or a shopper gave against the pictures of calls."""
    jobs = calls.filter(_AMONG_PAID).values("job")
    feedback = ResultFeedback.objects.filter(job__in=jobs).exclude(verdict=Verdict.YES)
    decisions = ReviewDecision.objects.filter(job__in=jobs, undone_at=None)
    given = [
        feedback.order_by().values_list("job", "reasons"),
        decisions.order_by().values_list("job", "reasons"),
    ]
    return [(job, reasons) for rows in given for job, reasons in rows if reasons]


def days_of(calls: QuerySet[Prediction]) -> set[date]:
    """Return the days of the paid and the unknown among calls."""
    sent = calls.filter(_AMONG_COSTLY, submitted_at__isnull=False).order_by()
    return {*sent.values_list(TruncDate("submitted_at", tzinfo=UTC), flat=True).distinct()}


def _items() -> QuerySet[BatchItem]:
    """Return the pairs of batches for which a call's job was made: first the one that pays for it."""
    items = BatchItem.objects.filter(job=OuterRef("job"))
    counting_on_others = Q(state=ItemState.WAITING, credits=0) | Q(
        state__in=[ItemState.BLOCKED, ItemState.REUSED]
    )
    return items.exclude(counting_on_others).order_by("-credits", "pk")


def _outcome() -> Case:
    """Return the outcome of a call's job."""
    kept = [When(job__result__review=review, then=Value(_OUTCOMES[review])) for review in Review]
    gone = [
        When(job__removed_result__review=review, then=Value(_OUTCOMES[review]))
        for review in Review
        if review != Review.PENDING
    ]
    return Case(
        *kept,
        When(job__status=Status.FAILED, then=Value(Outcome.FAILED)),
        When(job__status=Status.CANCELED, then=Value(Outcome.CANCELED)),
        When(~Q(job__status=Status.COMPLETED), then=Value(Outcome.UNDER_WAY)),
        *gone,
        default=Value(Outcome.UNSEEN),
        output_field=CharField(),
    )


def _spans(days: Collection[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and the last day of each run of days."""
    first = last = None
    for day in sorted(days):
        if last is not None and first is not None and day - last > DAY:
            yield first, last
            first = day
        first, last = first or day, day
    if first is not None and last is not None:
        yield first, last


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
