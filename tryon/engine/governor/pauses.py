"""Ways to wait: for a moment (hold), with fewer slots (lower), or until something changes (pause)."""

from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q

from config.core import clock
from tryon.engine.governor.row import lock, read
from tryon.engine.governor.slots import slots_taken
from tryon.models import Governor, Pause

logger = structlog.stdlib.get_logger(__name__)

# The sweep checks every 30 s if it is time.
PROBE_EVERY: Final = timedelta(seconds=15)


def current() -> Governor:
    """Return the governor's current state."""
    return read()


def hold(*, reason: str, seconds: float) -> None:
    """Start nothing for a while, because FASHN said that it would refuse."""
    until = clock.now() + timedelta(seconds=seconds)
    with transaction.atomic():
        governor = lock()
        if governor.held_until is None or governor.held_until < until:
            governor.held_until, governor.held_reason = until, reason
            governor.save(update_fields=["held_until", "held_reason"])
    logger.warning("dispatch_held", reason=reason, seconds=seconds)


def lower_slots() -> None:
    """Use fewer slots for a while, because FASHN counts more predictions in flight than it allows.

    One slot comes back every half minute (``slots``).
    """
    with transaction.atomic():
        governor = lock()
        # The refused prediction is no longer among them.
        governor.lowered_to, governor.lowered_at = max(1, slots_taken()), clock.now()
        governor.save(update_fields=["lowered_to", "lowered_at"])
    logger.warning("slots_lowered", to=governor.lowered_to)


def pause(reason: Pause) -> None:
    """Start nothing until ``resume``. The sweep probes FASHN's reasons, but never an operator's."""
    with transaction.atomic():
        governor = lock()
        if governor.pause == Pause.OPERATOR and reason != Pause.OPERATOR:
            return
        governor.pause = reason
        governor.probe_at = None if reason == Pause.OPERATOR else clock.now() + PROBE_EVERY
        governor.save(update_fields=["pause", "probe_at"])
    tell = logger.warning if reason == Pause.OPERATOR else logger.error
    tell("dispatch_paused", reason=reason.value)


def resume(*only: Pause) -> bool:
    """Start jobs again, with ``only`` if the pause has one of these reasons. Return whether it resumed."""
    paused = Governor.objects.exclude(pause="")
    if only:
        paused = paused.filter(pause__in=only)
    resumed = paused.update(pause="", probe_at=None, held_until=None, held_reason="") == 1
    if resumed:
        logger.warning("dispatch_resumed")
    return resumed


def claim_probe() -> bool:
    """Claim the next probe. Return whether the caller has to ask FASHN if the pause's reason is gone."""
    now = clock.now()
    due = Governor.objects.filter(Q(probe_at__lte=now)).exclude(pause__in=["", Pause.OPERATOR])
    return due.update(probe_at=now + PROBE_EVERY) == 1
