"""The circuit breaker. While FASHN can't accept anything, jobs wait instead of using up their retries."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q

from config.core import clock
from tryon.accounts import alarm
from tryon.engine.governor.row import lock
from tryon.models import Governor

logger = structlog.stdlib.get_logger(__name__)

FAILURES_TO_OPEN: Final = 5
FIRST_OPEN: Final = timedelta(seconds=30)
LONGEST_OPEN: Final = timedelta(minutes=5)


def submission_failed(account: str) -> datetime | None:
    """Count a submission that met a 5xx, no connection or no answer. Return the open circuit's end, or None.

    Submissions that were already on their way when the circuit opened do not count. Only a later one that
    fails keeps the circuit open for longer. When its time is over, FASHN is asked for the balance, which is
    free. A job tries only after an answer.
    """
    with transaction.atomic():
        governor, now = lock(account), clock.now()
        if _is_open(governor, now):
            return governor.open_until
        governor.failures += 1
        if governor.failures >= FAILURES_TO_OPEN:
            doublings = min(governor.failures - FAILURES_TO_OPEN, 8)
            governor.open_until = now + min(FIRST_OPEN * 2**doublings, LONGEST_OPEN)
            governor.probe_at = governor.open_until
        governor.save(update_fields=["failures", "open_until", "probe_at"])
    if governor.open_until is not None:
        alarm(logger, account)(
            "circuit_open",
            account=account,
            failures=governor.failures,
            until=governor.open_until.isoformat(),
        )
    return governor.open_until


def submission_accepted(account: str) -> None:
    """Close the circuit and forget refusals after an accepted submission. It usually costs one query."""
    unwell = Q(failures__gt=0) | Q(refusals__gt=0)
    if not Governor.objects.filter(unwell, account=account).exists():
        return
    with transaction.atomic():
        governor = lock(account)
        if not governor.pause and governor.credits_at_fashn is None:
            governor.probe_at = None
        closes = governor.failures > 0
        governor.failures, governor.open_until, governor.refusals = 0, None, 0
        governor.save(update_fields=["probe_at", "failures", "open_until", "refusals"])
    if closes:
        logger.info("circuit_closed", account=account)


def is_shut(governor: Governor, now: datetime) -> bool:
    """Return whether submissions are forbidden: the circuit is open, or FASHN has not answered since."""
    return _is_open(governor, now) or (governor.open_until is not None and governor.probe_at is not None)


def is_half_open(governor: Governor, now: datetime) -> bool:
    """Return whether one submission at a time may find out if FASHN is back."""
    return governor.open_until is not None and not is_shut(governor, now)


def _is_open(governor: Governor, now: datetime) -> bool:
    return governor.open_until is not None and governor.open_until > now
