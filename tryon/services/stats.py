"""The numbers that operators watch."""

from typing import Any

from django.utils import timezone

from tryon import governor
from tryon.selectors import dead_letters, job_counts, rescued


def statistics() -> dict[str, Any]:
    """Jobs by status, the governor's state, today's credits, and what rescue saved."""
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
    }
