"""Slots and rates: the number of submissions that FASHN takes now."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from config.core import clock
from tryon.accounts import has_key, terms_of
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
    most = terms_of(governor.account).concurrency
    if governor.lowered_to is None or governor.lowered_at is None:
        return most
    returned = (now - governor.lowered_at) // SLOT_RETURNS_AFTER
    return min(most, governor.lowered_to + returned)


def all_taken() -> QuerySet[Prediction]:
    """Return the predictions with a slot: FASHN may count them against us, now or when they are sent."""
    recent = clock.now() - UNKNOWN_HOLDS_SLOT
    return Prediction.objects.filter(
        Q(state__in=IN_FLIGHT) | Q(state=PredictionState.UNKNOWN, submitted_at__gt=recent)
    )


def taken(account: str) -> QuerySet[Prediction]:
    """Return the predictions with a slot of the account."""
    return all_taken().filter(account=account)


def slots_taken(account: str) -> int:
    """Return the number of predictions with a slot."""
    return taken(account).count()


def at_fashn(account: str, *, but: UUID | None = None) -> int:
    """Return the number of predictions that FASHN may count against us now, without ``but``."""
    sent = taken(account).exclude(state=PredictionState.RESERVED)
    return (sent if but is None else sent.exclude(pk=but)).count()


def free_slots(governor: Governor, now: datetime) -> int:
    """Return the number of jobs that may start now. After refusals and failures one at a time finds out."""
    if must_wait(governor, now):
        return 0
    account = governor.account
    free = min(slots(governor, now) - slots_taken(account), _runs_left(account, now))
    if free > 0 and is_trial(governor, now):
        return 0 if _somebody_is_trying(account) else 1
    return max(0, free)


def is_trial(governor: Governor, now: datetime) -> bool:
    """Return whether one submission at a time finds out if FASHN takes something again."""
    return breaker.is_half_open(governor, now) or governor.refusals > 0


def may_submit(account: str) -> bool:
    """Return whether a job with a slot may still be sent: FASHN may have refused another since."""
    governor, now = read(account), clock.now()
    return not must_wait(governor, now) and at_fashn(account) < slots(governor, now)


def must_wait(governor: Governor, now: datetime) -> bool:
    """Return whether nothing at all may be sent now."""
    stopped = bool(governor.pause) or not has_key(governor.account)
    return stopped or refusals.is_held(governor, now) or breaker.is_shut(governor, now)


def run_allowed(account: str) -> bool:
    """Return whether FASHN's limit on runs leaves room for one more. Hold the lock until it is noted as sent.

    A job's next step takes over the slot of the step before it without a check of the rate.
    """
    return _runs_sent(account, clock.now()) < terms_of(account).run_calls


def next_run_at(account: str, now: datetime) -> datetime | None:
    """Return the time at which FASHN's limit on runs leaves room again, None if it does now."""
    if _runs_left(account, now) > 0:
        return None
    sent = _sent_since(account, now - RUN_WINDOW).order_by("submitted_at").first()
    return None if sent is None or sent.submitted_at is None else sent.submitted_at + RUN_WINDOW


def _runs_left(account: str, now: datetime) -> int:
    reserved = Prediction.objects.filter(account=account, state=PredictionState.RESERVED).count()
    return terms_of(account).run_calls - _runs_sent(account, now) - reserved


def _runs_sent(account: str, now: datetime) -> int:
    """Return the number of submissions in the last minute. A refused one has left only its event."""
    since = now - RUN_WINDOW
    refused = JobEvent.objects.filter(kind=EventKind.SUBMISSION_REFUSED, data__account=account, at__gt=since)
    return _sent_since(account, since).count() + refused.count()


def _sent_since(account: str, since: datetime) -> QuerySet[Prediction]:
    return Prediction.objects.filter(account=account, submitted_at__gt=since)


def _somebody_is_trying(account: str) -> bool:
    trying = Prediction.objects.filter(account=account)
    return trying.filter(state__in=[PredictionState.RESERVED, PredictionState.SENDING]).exists()
