"""The circuit breaker. While FASHN can't accept anything, jobs wait instead of using up their retries."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from config.core import clock
from tryon.engine.governor.row import lock
from tryon.models import Governor

logger = structlog.stdlib.get_logger(__name__)

FAILURES_TO_OPEN: Final = 5
FIRST_OPEN: Final = timedelta(seconds=30)
LONGEST_OPEN: Final = timedelta(minutes=5)


def submission_failed() -> datetime | None:
    """Count a submission that met a 5xx, no connection or no answer. Return the open circuit's end, or None.

    Submissions that were already on their way when the circuit opened do not count. Only a later one that
    fails keeps the circuit open for longer.
    """
    with transaction.atomic():
        governor, now = lock(), clock.now()
        if is_open(governor, now):
            return governor.open_until
        governor.failures += 1
        if governor.failures >= FAILURES_TO_OPEN:
            doublings = min(governor.failures - FAILURES_TO_OPEN, 8)
            governor.open_until = now + min(FIRST_OPEN * 2**doublings, LONGEST_OPEN)
        governor.save(update_fields=["failures", "open_until"])
    if governor.open_until is not None:
        logger.error("circuit_open", failures=governor.failures, until=governor.open_until.isoformat())
    return governor.open_until


def submission_accepted() -> None:
    """Close the circuit after an accepted submission. It costs one query, and a write only after failures."""
    if Governor.objects.filter(failures__gt=0).update(failures=0, open_until=None):
        logger.info("circuit_closed")


def is_open(governor: Governor, now: datetime) -> bool:
    """Return whether submissions are forbidden."""
    return governor.open_until is not None and governor.open_until > now


def is_half_open(governor: Governor, now: datetime) -> bool:
    """Return whether one submission at a time may find out if FASHN is back."""
    return governor.open_until is not None and governor.open_until <= now
