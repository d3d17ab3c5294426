"""The numbers that operators watch."""

from typing import Any

from django.utils import timezone

from config.core.upkeep import quota
from results.selectors import feedback_counts
from tryon.engine import governor
from tryon.selectors import dead_letters, job_counts, rescued
from tryon.services.reuse import reuse_statistics


def statistics() -> dict[str, Any]:
    """Jobs by status, the governor's state, today's credits, what was saved, storage, and feedback."""
    now, state = timezone.now(), governor.current()
    return {
        "jobs": {**job_counts(), "deadLetters": dead_letters().count()},
        "governor": {
            "pause": state.pause,
            "slots": governor.slots(state, now),
            "slotsTaken": governor.slots_taken(),
            "heldUntil": state.held_until,
            "heldReason": state.held_reason,
            "circuitOpenUntil": state.open_until,
            "creditsSpentToday": governor.credits_spent_today(now),
            "creditsLeftToday": governor.credits_left_today(),
        },
        "rescued": rescued(),
        "reuse": reuse_statistics(),
        "storage": storage_statistics(),
        "feedback": feedback_counts(),
    }


def storage_statistics() -> dict[str, Any]:
    """Bytes stored by kind, in all, and against the limit; None where there is no limit."""
    kinds = quota.bytes_by_kind()
    return {
        "bytes": kinds,
        "bytesInAll": sum(kinds.values()),
        "bytesAllowed": quota.bytes_allowed(),
        "percentUsed": quota.percent_used(),
    }
