"""Slots and rates: the number of submissions that FASHN takes now."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from config.core import clock
from tryon.engine.governor import breaker, refusals
from tryon.engine.governor.row import read
from tryon.models import IN_FLIGHT, EventKind, Governor, JobEvent, Prediction, PredictionState

# An unknown prediction may be running at FASHN, so its slot stays taken this long.
UNKNOWN_HOLDS_SLOT: Final = timedelta(minutes=5)
SLOT_RETURNS_AFTER: Final = timedelta(seconds=30)
# FASHN counts 60 s from a request's arrival, and we count from its departure. Hence the margin.
RUN_WINDOW: Final = timedelta(seconds=65)


def slots(governor: Governor, now: datetime) -> int:
    """Return the number of predictions that may be in flight now."""
    if governor.lowered_to is None or governor.lowered_at is None:
        return settings.QUEUE_CONCURRENCY
    returned = (now - governor.lowered_at) // SLOT_RETURNS_AFTER
    return min(settings.QUEUE_CONCURRENCY, governor.lowered_to + returned)


def taken() -> QuerySet[Prediction]:
    """Return the predictions with a slot: FASHN may count them against us, now or when they are sent."""
    recent = clock.now() - UNKNOWN_HOLDS_SLOT
    return Prediction.objects.filter(
        Q(state__in=IN_FLIGHT) | Q(state=PredictionState.UNKNOWN, submitted_at__gt=recent)
    )


def slots_taken() -> int:
    """Return the number of predictions with a slot."""
    return taken().count()


def at_fashn(*, but: UUID | None = None) -> int:
    """Return the number of predictions that FASHN may count against us now, without ``but``."""
    sent = taken().exclude(state=PredictionState.RESERVED)
    return (sent if but is None else sent.exclude(pk=but)).count()


def free_slots(governor: Governor, now: datetime) -> int:
    """Return the number of jobs that may start now. After refusals and failures one at a time finds out."""
    if must_wait(governor, now):
        return 0
    free = min(slots(governor, now) - slots_taken(), _runs_left(now))
    if free > 0 and is_trial(governor, now):
        return 0 if _somebody_is_trying() else 1
    return max(0, free)


def is_trial(governor: Governor, now: datetime) -> bool:
    """Return whether one submission at a time finds out if FASHN takes something again."""
    return breaker.is_half_open(governor, now) or governor.refusals > 0


def may_submit() -> bool:
    """Return whether a job with a slot may still be sent: FASHN may have refused another since."""
    governor, now = read(), clock.now()
    return not must_wait(governor, now) and at_fashn() < slots(governor, now)


def must_wait(governor: Governor, now: datetime) -> bool:
    """Return whether nothing at all may be sent now."""
    return bool(governor.pause) or refusals.is_held(governor, now) or breaker.is_shut(governor, now)


def run_allowed() -> bool:
    """Return whether FASHN's limit on runs leaves room for one more. Hold the lock until it is noted as sent.

    A job's next step takes over the slot of the step before it without a check of the rate.
    """
    return _runs_sent(clock.now()) < settings.FASHN_RUN_CALLS


def next_run_at(now: datetime) -> datetime | None:
    """Return the time at which FASHN's limit on runs leaves room again, None if it does now."""
    if _runs_left(now) > 0:
        return None
    sent = Prediction.objects.filter(submitted_at__gt=now - RUN_WINDOW).order_by("submitted_at").first()
    return None if sent is None or sent.submitted_at is None else sent.submitted_at + RUN_WINDOW


def _runs_left(now: datetime) -> int:
    reserved = Prediction.objects.filter(state=PredictionState.RESERVED).count()
    return settings.FASHN_RUN_CALLS - _runs_sent(now) - reserved


def _runs_sent(now: datetime) -> int:
    """Return the number of submissions in the last minute. A refused one has left only its event."""
    since = now - RUN_WINDOW
    refused = JobEvent.objects.filter(kind=EventKind.SUBMISSION_REFUSED, at__gt=since)
    return Prediction.objects.filter(submitted_at__gt=since).count() + refused.count()


def _somebody_is_trying() -> bool:
    return Prediction.objects.filter(state__in=[PredictionState.RESERVED, PredictionState.SENDING]).exists()
