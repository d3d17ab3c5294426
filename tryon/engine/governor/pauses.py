"""Ways to wait: with fewer slots (lower), or until something changes (pause). Probes find the change."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from config.core import clock
from tryon.accounts import alarm, has_key, queue_of
from tryon.engine.governor import budget
from tryon.engine.governor.row import lock, read
from tryon.engine.governor.slots import at_fashn
from tryon.models import Governor, Pause

logger = structlog.stdlib.get_logger(__name__)

# The sweep checks every 30 s if it is time.
PROBE_EVERY: Final = timedelta(seconds=15)
OF_FASHN: Final = (Pause.OUT_OF_CREDITS, Pause.UNAUTHORIZED)


def current(account: str) -> Governor:
    """Return the account's current state."""
    return read(account)


def is_unwell(account: str) -> bool:
    """Return whether FASHN has refused or failed the account's calls, and accepted none since."""
    state = read(account)
    return bool(state.failures or state.refusals)


def is_reachable(account: str) -> bool:
    """Return whether FASHN can be asked for the account's predictions: its key is there, and accepted."""
    return has_key(account) and read(account).pause != Pause.UNAUTHORIZED


def lower_slots(account: str, *, refused: UUID) -> int:
    """Use fewer slots for a while, because FASHN counts more predictions in flight than it allows.

    Return the number of other predictions at FASHN.

    One slot comes back every half minute (``slots``).
    """
    with transaction.atomic():
        governor = lock(account)
        others = at_fashn(account, but=refused)
        governor.lowered_to, governor.lowered_at = max(1, others), clock.now()
        governor.save(update_fields=["lowered_to", "lowered_at"])
    logger.warning("slots_lowered", account=account, to=governor.lowered_to)
    return others


def pause(account: str, reason: Pause) -> None:
    """Start nothing until ``resume``. The sweep probes FASHN's reasons, but never an operator's."""
    with transaction.atomic():
        governor = lock(account)
        if governor.pause == Pause.OPERATOR and reason != Pause.OPERATOR:
            return
        governor.pause = reason
        governor.probe_at = None if reason == Pause.OPERATOR else clock.now() + PROBE_EVERY
        governor.save(update_fields=["pause", "probe_at"])
    tell = logger.warning if reason == Pause.OPERATOR else alarm(logger, account)
    tell("dispatch_paused", account=account, reason=reason.value)


def resume(account: str) -> None:
    """Start jobs again, for any reason of the pause."""
    with transaction.atomic():
        governor = lock(account)  # it may be the first to look at a key that came during a pause
        resumed = bool(governor.pause)
        if resumed:
            governor.pause, governor.probe_at = "", None
            governor.held_until, governor.held_reason, governor.credits_at_fashn = None, "", None
            governor.save()
    if resumed:
        logger.warning("dispatch_resumed", account=account)


def claim_probe(account: str) -> bool:
    """Claim the next probe. Return whether the caller has to ask FASHN for the balance."""
    now = clock.now()
    waiting = Q(pause__in=OF_FASHN) | Q(open_until__isnull=False) | Q(credits_at_fashn__isnull=False)
    due = Governor.objects.filter(waiting, account=account, probe_at__lte=now).exclude(pause=Pause.OPERATOR)
    return due.update(probe_at=now + PROBE_EVERY) == 1


def probe_answered(account: str, credits_left: int) -> None:
    """Let the jobs continue that the balance pays for, because FASHN has answered and the key is good."""
    with transaction.atomic():
        governor = lock(account)
        resumed = governor.pause == Pause.UNAUTHORIZED
        if governor.pause == Pause.OUT_OF_CREDITS:
            resumed = credits_left >= budget.credits_of_the_cheapest(queue_of(account))
        if governor.pause == Pause.OUT_OF_CREDITS or governor.credits_at_fashn is not None:
            enough = credits_left >= budget.credits_wanted(account)
            governor.credits_at_fashn = None if enough else credits_left
        if resumed:
            governor.pause, governor.held_until, governor.held_reason = "", None, ""
        if not governor.pause and governor.credits_at_fashn is None:
            governor.probe_at = None
        governor.save()
    if resumed:
        logger.warning("dispatch_resumed", account=account)
