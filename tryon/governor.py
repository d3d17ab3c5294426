"""How many predictions may be in flight, for all workers on all machines together.

Slots are not handed around: they are counted from the rows of ``Prediction``, under a lock on the governor's
one row, so nothing can leak one and a restart changes nothing.
"""

from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tryon.models import IN_FLIGHT, Governor, Lane, Prediction, PredictionState, TryOnJob
from tryon.selectors import jobs_ready

logger = structlog.stdlib.get_logger(__name__)

# A prediction whose fate is unknown may be running at FASHN: its slot stays taken this long.
UNKNOWN_HOLDS_SLOT: Final = timedelta(minutes=5)


def lock() -> Governor:
    """The governor's row, locked until the transaction ends. SQLite serialises at BEGIN IMMEDIATE instead."""
    governor, _ = Governor.objects.select_for_update().get_or_create(pk=Governor.ROW)
    return governor


def work_is_waiting() -> bool:
    """Whether taking the lock can be of any use. One indexed query, no lock."""
    return jobs_ready(timezone.now()).exists()


def slots_taken() -> int:
    """Predictions that FASHN may be counting against us."""
    recent = timezone.now() - UNKNOWN_HOLDS_SLOT
    return Prediction.objects.filter(
        Q(state__in=IN_FLIGHT) | Q(state=PredictionState.UNKNOWN, submitted_at__gt=recent)
    ).count()


def next_jobs(governor: Governor) -> list[TryOnJob]:
    """The jobs to start now: interactive first, then bulk, each in order of arrival. Needs the lock.

    Bulk never takes the last free slot, so a shopper does not wait behind a batch.
    """
    now = timezone.now()
    if governor.held_until is not None and governor.held_until > now:
        return []
    free = settings.QUEUE_CONCURRENCY - slots_taken()
    if free <= 0:
        return []
    ready = list(jobs_ready(now)[:free])
    interactive = [job for job in ready if job.lane == Lane.INTERACTIVE]
    bulk = [job for job in ready if job.lane == Lane.BULK]
    kept_free = 1 if settings.QUEUE_CONCURRENCY > 1 else 0
    return interactive + bulk[: max(0, free - len(interactive) - kept_free)]


def hold(*, reason: str, seconds: float) -> None:
    """Start nothing for a while: FASHN said that it would refuse."""
    until = timezone.now() + timedelta(seconds=seconds)
    with transaction.atomic():
        governor = lock()
        if governor.held_until is None or governor.held_until < until:
            governor.held_until, governor.held_reason = until, reason
            governor.save(update_fields=["held_until", "held_reason"])
    logger.warning("dispatch_held", reason=reason, seconds=seconds)
