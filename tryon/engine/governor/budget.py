"""Credits per day (UTC), counted from the predictions, so that they survive a restart.

A prediction belongs to the day of its submission. One that fails after midnight gives its credits back to
yesterday, not to today.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, F, Min, Q, When

from config.core import clock
from tryon.accounts import calls_of, queue_of, terms_of
from tryon.engine.governor.sums import Part, sums
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import ACTIVE, IN_FLIGHT, Governor, Lane, Prediction, PredictionState, Status, TryOnJob
from tryon.selectors.jobs import jobs_ready
from tryon.selectors.predictions import first_open_step


class NextDay(NamedTuple):
    """When a new day's credits begin, and the seconds until then."""

    at: datetime
    seconds: float


def next_day() -> NextDay:
    """Return the next midnight, UTC."""
    now = clock.now()
    at = _midnight_before(now) + timedelta(days=1)
    return NextDay(at, (at - now).total_seconds())


def credits_spent_today(queue: str, now: datetime | None = None) -> int:
    """Return the credits paid today, plus those that active and unknown predictions may cost."""
    return sum(sums(_spent_today(queue, now)))


def credits_left_today(queue: str) -> int | None:
    """Return the credits of the daily limit that jobs may still be started with, None without a limit."""
    if not (limit := terms_of(queue).daily_limit):
        return None
    return max(0, limit - sum(sums(_spent_today(queue), _to_come(queue, Status.PROCESSING))))


def is_budgeted(governor: Governor) -> bool:
    """Return whether a limit of ours, or the balance at FASHN, does not allow everything that is queued."""
    return bool(terms_of(governor.account).daily_limit) or governor.credits_at_fashn is not None


def credits_unspoken_for(queue: str) -> int | None:
    """Return the credits of the daily limit that no active job needs, None without a limit.

    The number is negative if more is queued than a day can pay. A promise by it needs the lock.
    """
    if not (limit := terms_of(queue).daily_limit):
        return None
    return limit - sum(sums(_spent_today(queue), _to_come(queue, *ACTIVE)))


def credits_to_spend(governor: Governor) -> int | None:
    """Return the credits that jobs may be started with on the account now, None for any number."""
    left = credits_left_today(queue_of(governor.account))
    if governor.credits_at_fashn is None:
        return left
    at_fashn = max(0, governor.credits_at_fashn - _credits_under_way(governor.account, Status.PROCESSING))
    return at_fashn if left is None else min(left, at_fashn)


def credits_promised(queue: str, *, but: Collection[UUID] = ()) -> int:
    """Return the credits that the queued jobs of shoppers need, without the jobs in ``but``."""
    return sum(sums(_promised(queue, but)))


def credits_left_for_batches(queue: str) -> int | None:
    """Return the credits of the daily limit that shoppers leave to batches, None without a limit.

    The number is negative if too much is under way: a batch's job that takes over a paid call starts without
    a look at the credits of its further steps.
    """
    if not (limit := terms_of(queue).daily_limit):
        return None
    parts = _spent_today(queue), _to_come(queue, Status.PROCESSING), _promised(queue)
    return limit - sum(sums(*parts))


def credits_of_the_cheapest(queue: str) -> int:
    """Return the credits that the cheapest ready job needs, at least one. With fewer, FASHN refuses all."""
    ready = jobs_ready(queue, clock.now()).order_by()
    return max(1, ready.aggregate(credits=Min("price"))["credits"] or 0)


def credits_wanted(account: str) -> int:
    """Return the credits that the account may still have to pay, if all queued jobs run on it."""
    return _credits_under_way(account, *ACTIVE)


def credits_to_pay(job: TryOnJob) -> int:
    """Return the credits that a queued job has still to pay."""
    options = _readable(job.options)
    if options is None:
        return 0
    return total_credits(options, first_step=first_open_step(job))


def _midnight_before(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _credits_under_way(account: str, *statuses: Status) -> int:
    """Return the price of the account's predictions in flight, and of those to come of jobs in these states.

    Jobs on other accounts pay for their own, so this is more than the account needs, and never less.
    """
    in_flight = Prediction.objects.filter(account=account, state__in=IN_FLIGHT)
    return sum(sums(Part(in_flight), _to_come(queue_of(account), *statuses)))


def _spent_today(queue: str, now: datetime | None = None) -> Part:
    midnight = _midnight_before(now or clock.now())
    today = Prediction.objects.filter(
        Q(submitted_at__gte=midnight) | Q(state=PredictionState.RESERVED), calls_of(queue)
    ).exclude(state=PredictionState.FAILED)
    price = Case(When(state=PredictionState.SUCCEEDED, then=F("credits_used")), default=F("price"))
    return Part(today, price)


def _to_come(queue: str, *statuses: Status) -> Part:
    """Return the predictions that jobs in these states have still to make."""
    return Part(TryOnJob.objects.filter(account=queue, status__in=statuses))


def _promised(queue: str, but: Collection[UUID] = ()) -> Part:
    shoppers = TryOnJob.objects.filter(account=queue, status=Status.QUEUED, lane=Lane.INTERACTIVE)
    return Part(shoppers.exclude(pk__in=but))


def _readable(options: Mapping[str, Any]) -> TryOnOptions | None:
    """Return the options, None if they are outdated. Their job then fails and pays nothing."""
    try:
        return TryOnOptions.from_mapping(options)
    except OptionError:
        return None
