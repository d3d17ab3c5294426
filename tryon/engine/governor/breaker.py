"""The circuit breaker: while FASHN can't take anything, jobs are held instead of burning their retries."""

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
    """Count a submission that met a 5xx, no connection or no answer. Returns the open circuit's end, if open.

    Submissions that were on their way when the circuit opened say nothing new: only one that tries
    afterwards, and fails, keeps it open for longer.
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
    """FASHN took one: the circuit closes. Costs one query, and a write only after failures."""
    if Governor.objects.filter(failures__gt=0).update(failures=0, open_until=None):
        logger.info("circuit_closed")


def is_open(governor: Governor, now: datetime) -> bool:
    """Nothing may be submitted."""
    return governor.open_until is not None and governor.open_until > now


def is_half_open(governor: Governor, now: datetime) -> bool:
    """One submission at a time may find out whether FASHN is back."""
    return governor.open_until is not None and governor.open_until <= now
