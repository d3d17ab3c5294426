"""Slots and rates, and the choice of the jobs that may start now."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from config.core import clock
from tryon.engine.governor import breaker, budget
from tryon.engine.governor.row import read
from tryon.models import (
    IN_FLIGHT,
    EventKind,
    Governor,
    JobEvent,
    Lane,
    Prediction,
    PredictionState,
    TryOnJob,
)
from tryon.selectors import jobs_ready

# An unknown prediction may be running at FASHN, so its slot stays taken this long.
UNKNOWN_HOLDS_SLOT: Final = timedelta(minutes=5)
SLOT_RETURNS_AFTER: Final = timedelta(seconds=30)
# FASHN counts 60 s and 10 s from a request's arrival, and we count from its departure. Hence the margins.
RUN_WINDOW: Final = timedelta(seconds=65)
STATUS_WINDOW: Final = timedelta(seconds=11)
STATUS_MARGIN: Final = 5
# The events that end a status call.
STATUS_EVENTS: Final = (
    EventKind.CHECKED,
    EventKind.PICTURE_READY,
    EventKind.PREDICTION_FAILED,
    EventKind.PREDICTION_UNKNOWN,
)
# One dispatch looks at this many waiting jobs at most, even if the budget allows none of them.
LOOK_AHEAD: Final = 50


def dispatchable() -> bool:
    """Return whether a dispatch could start a job. It costs one indexed query and no lock."""
    return jobs_ready(clock.now()).exists()


def slots(governor: Governor, now: datetime) -> int:
    """Return the number of predictions that may be in flight now."""
    if governor.lowered_to is None or governor.lowered_at is None:
        return settings.QUEUE_CONCURRENCY
    returned = (now - governor.lowered_at) // SLOT_RETURNS_AFTER
    return min(settings.QUEUE_CONCURRENCY, governor.lowered_to + returned)


def slots_taken() -> int:
    """Return the number of predictions that FASHN may count against us."""
    recent = clock.now() - UNKNOWN_HOLDS_SLOT
    return Prediction.objects.filter(
        Q(state__in=IN_FLIGHT) | Q(state=PredictionState.UNKNOWN, submitted_at__gt=recent)
    ).count()


def next_jobs(governor: Governor) -> list[TryOnJob]:
    """Return the jobs to start now: interactive, then bulk, each in order of arrival. It needs the lock."""
    now = clock.now()
    if _must_wait(governor, now):
        return []
    free = min(slots(governor, now) - slots_taken(), _runs_left(now))
    trial = breaker.is_half_open(governor, now)
    if free <= 0 or (trial and _somebody_is_trying()):
        return []
    ready = list(jobs_ready(now).select_for_update(skip_locked=True, no_key=True)[:LOOK_AHEAD])
    if trial:
        # One job that always makes FASHN fail must not get every trial, so the least tried job goes first.
        tried = _failed_calls(ready)
        ready.sort(key=lambda job: tried.get(job.pk, 0))
    return _choose(ready, free, most=1 if trial else free)


def may_submit() -> bool:
    """Return whether a job with a slot may still be sent: FASHN may have refused another since."""
    return not _must_wait(read(), clock.now())


def run_allowed() -> bool:
    """Return whether FASHN's limit on runs leaves room for one more. Hold the lock until it is noted as sent.

    A job's next step takes over the slot of the step before it without a check of the rate.
    """
    return _runs_sent(clock.now()).count() < settings.FASHN_RUN_CALLS


def credits_needed() -> int:
    """Return the credits that the next job needs, at least one. With fewer, FASHN would refuse it."""
    following = jobs_ready(clock.now()).first()
    if following is None:
        return 1
    return max(1, budget.credits_to_pay(following))


def status_call_allowed() -> bool:
    """Return whether FASHN's limit on status calls, shared by all predictions, leaves room for one more."""
    recent = JobEvent.objects.filter(kind__in=STATUS_EVENTS, at__gt=clock.now() - STATUS_WINDOW)
    return recent.count() < settings.FASHN_STATUS_CALLS - STATUS_MARGIN


def _must_wait(governor: Governor, now: datetime) -> bool:
    held = governor.held_until is not None and governor.held_until > now
    return bool(governor.pause) or held or breaker.is_open(governor, now)


def _choose(ready: list[TryOnJob], free: int, *, most: int) -> list[TryOnJob]:
    """Return at most ``most`` jobs that slots and today's credits allow, and all jobs that no day can pay.

    The latter need no slot, because their start refuses them. Bulk never takes the last free slot, so a
    shopper does not wait behind a batch.
    """
    kept_free = 1 if settings.QUEUE_CONCURRENCY > 1 else 0
    left = budget.credits_left_today()
    chosen: list[TryOnJob] = []
    too_dear: list[TryOnJob] = []
    for job in ready:
        price = 0 if left is None else budget.credits_to_pay(job)
        if price > settings.TRYON_DAILY_LIMIT > 0:
            too_dear.append(job)
            continue
        room = free - len(chosen) - (kept_free if job.lane == Lane.BULK else 0)
        if room <= 0 or len(chosen) == most:
            continue
        if left is not None:
            if price > left:
                continue
            left -= price
        chosen.append(job)
    return [*too_dear, *chosen]


def _failed_calls(jobs: list[TryOnJob]) -> dict[UUID, int]:
    failed = Prediction.objects.filter(job__in=jobs, state=PredictionState.FAILED).order_by()
    return dict(failed.values_list("job").annotate(number=Count("pk")))


def _runs_left(now: datetime) -> int:
    reserved = Prediction.objects.filter(state=PredictionState.RESERVED)
    return settings.FASHN_RUN_CALLS - (_runs_sent(now) | reserved).count()


def _runs_sent(now: datetime) -> QuerySet[Prediction]:
    return Prediction.objects.filter(submitted_at__gt=now - RUN_WINDOW)


def _somebody_is_trying() -> bool:
    return Prediction.objects.filter(state__in=[PredictionState.RESERVED, PredictionState.SENDING]).exists()
