"""Queries on predictions: their prices, their durations, and the pictures that they have paid for."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import Final, TypedDict

from django.core.cache import cache
from django.db.models import Q, QuerySet

from config.core import clock
from config.core.upkeep.counts import counted
from tryon.accounts import counted_as, has_key
from tryon.fashn.inputs import Step
from tryon.models import (
    IN_FLIGHT,
    INLINE,
    Account,
    Prediction,
    PredictionState,
    Status,
    TryOnJob,
)

FASHN_KEEPS_PICTURES: Final = timedelta(hours=72)
# In its memory: those of shoppers, which it answers as data URIs.
FASHN_KEEPS_INLINE: Final = timedelta(minutes=60)
# The names of their daily counts.
RESCUED_PICTURES: Final = "rescued_pictures"
RESCUED_CREDITS: Final = "rescued_credits"
MEASURED_PREDICTIONS: Final = 20
REMEMBER_TYPICAL_SECONDS: Final = 30


class Rescued(TypedDict):
    pictures: int
    credits: int


def calls_without_price(account: str) -> QuerySet[Prediction]:
    """Return the calls in flight of jobs without a price for further steps, with their jobs.

    They are the job's last, or an earlier release has started the job during a deploy.
    """
    calls = Prediction.objects.filter(account=account, state__in=IN_FLIGHT)
    return calls.filter(job__status=Status.PROCESSING, job__price=0).select_related("job")


def typical_seconds(account: str, step: Step) -> float:
    """Return the median duration of the latest predictions of such a step, else FASHN's documented figure.

    It is in seconds, from submission to the answer we saw, and is cached for half a minute.
    """
    model_name, speed = step.model.name, step.options.speed
    remember = f"typical-seconds:{account}:{model_name}:{speed}"
    known: float | None = cache.get(remember)
    if known is not None:
        return known
    finished = Prediction.objects.filter(
        account=account,
        model_name=model_name,
        speed=speed,
        state=PredictionState.SUCCEEDED,
        submitted_at__isnull=False,
    ).order_by("-finished_at")[:MEASURED_PREDICTIONS]
    seconds = [
        (row.finished_at - row.submitted_at).total_seconds()
        for row in finished.only("finished_at", "submitted_at")
        if row.finished_at is not None and row.submitted_at is not None
    ]
    typical = median(seconds) if seconds else step.typical_seconds
    cache.set(remember, typical, REMEMBER_TYPICAL_SECONDS)
    return typical


def usable_predictions(job: TryOnJob) -> QuerySet[Prediction]:
    """Return the job's predictions whose paid picture is intact and still at FASHN or with us."""
    return job.predictions.filter(is_usable(clock.now()))


def is_usable(now: datetime) -> Q:
    """Return the condition for a paid picture that is intact and still at FASHN or with us."""
    at_fashn = Q(finished_at__gt=now - FASHN_KEEPS_PICTURES) & ~Q(output=INLINE)
    return (at_fashn | ~Q(kept="")) & Q(state=PredictionState.SUCCEEDED) & ~Q(output="")


def first_open_step(job: TryOnJob) -> int:
    """Return the step to do next, or the number of the job's steps when the last one has a usable picture."""
    return step_after(usable_predictions(job).values_list("step", flat=True))


def step_after(done: Iterable[int]) -> int:
    """Return the step after the latest that is done: its picture has all that those before it brought."""
    return max(done, default=-1) + 1


def predictions_to_rescue(now: datetime) -> QuerySet[Prediction]:
    """Return the predictions that no job waits for and that are due for a rescue."""
    paid = Q(state=PredictionState.SUCCEEDED) & ~Q(output="")
    due = Prediction.objects.filter(paid | Q(state=PredictionState.UNKNOWN), rescue_at__lte=now)
    return due.exclude(provider_id="")


def calls_awaited() -> Counter[str]:
    """Return the number of calls that may still bring a picture, of each account."""
    sent = Q(state__in=[PredictionState.SENDING, PredictionState.RUNNING])
    awaited = sent | Q(state=PredictionState.UNKNOWN, rescue_at__isnull=False)
    return Counter(Prediction.objects.filter(awaited).order_by().values_list("account", flat=True))


def calls_without_key() -> Counter[str]:
    """Return the number of calls that may still bring a picture, of each account whose key has gone."""
    found = calls_awaited()
    return Counter(
        {name: number for name, number in found.items() if name != Account.TEST and not has_key(name)}
    )


def fashn_keeps_picture_of(job: TryOnJob) -> timedelta:
    """Return for how long FASHN keeps a picture of the job."""
    return FASHN_KEEPS_INLINE if job.is_private else FASHN_KEEPS_PICTURES


def since_fashn_keeps(field: str, now: datetime) -> Q:
    """Return the condition for predictions whose time in ``field`` is as late as FASHN keeps pictures."""
    is_late = Q(**{f"{field}__gt": now - FASHN_KEEPS_INLINE})
    return is_late | Q(**{f"{field}__gt": now - FASHN_KEEPS_PICTURES}, job__shopper_photo=None)


def rescued(account: str) -> Rescued:
    """Return the number of pictures stored after their job had given them up, and their credits."""
    names = [counted_as(account, name) for name in (RESCUED_PICTURES, RESCUED_CREDITS)]
    numbers = counted(*names)
    return {"pictures": numbers[names[0]], "credits": numbers[names[1]]}


def pictures_kept_in_vain(*, before: datetime) -> QuerySet[Prediction]:
    """Return predictions whose copy no attempt will use: their job has a result, or they ended long ago."""
    done = Q(job__status=Status.COMPLETED)
    long_ago = Q(job__status__in=[Status.FAILED, Status.CANCELED], finished_at__lt=before)
    return Prediction.objects.filter(done | long_ago).exclude(kept="")
