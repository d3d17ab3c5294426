"""Refusals: FASHN takes no more for now, and is left in peace for longer and longer."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from config.core import clock
from tryon.engine.governor.row import lock
from tryon.models import Governor

logger = structlog.stdlib.get_logger(__name__)

LONGEST_HOLD: Final = timedelta(seconds=60)


def hold(account: str, *, reason: str, seconds: float, at_least: float = 0.0) -> float:
    """Start nothing for a while, twice as long each time while FASHN accepts nothing. Return the seconds.

    ``at_least`` is FASHN's own wish. A submission that was already on its way when the hold began does not
    count.
    """
    with transaction.atomic():
        governor, now = lock(account), clock.now()
        until = now + timedelta(seconds=at_least)
        if not is_held(governor, now):
            grown = min(timedelta(seconds=seconds) * 2 ** min(governor.refusals, 8), LONGEST_HOLD)
            until = max(until, now + grown)
            governor.refusals += 1
        if governor.held_until is None or governor.held_until < until:
            governor.held_until, governor.held_reason = until, reason
        governor.save(update_fields=["held_until", "held_reason", "refusals"])
    held = (governor.held_until - now).total_seconds()
    logger.warning(
        "dispatch_held",
        account=account,
        reason=reason,
        seconds=round(held, 1),
        refusals=governor.refusals,
    )
    return held


def is_held(governor: Governor, now: datetime) -> bool:
    """Return whether a hold is on."""
    return governor.held_until is not None and governor.held_until > now
