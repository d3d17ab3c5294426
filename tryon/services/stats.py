"""The numbers that operators watch."""

from datetime import datetime
from typing import Annotated, TypedDict

from config.core import clock
from config.core.upkeep import quota
from results.selectors import FeedbackCounts, feedback_counts
from tryon.engine import governor
from tryon.models import Status
from tryon.selectors import Rescued, dead_letters, job_counts, rescued
from tryon.services.reuse import ReuseStatistics, reuse_statistics


class JobStatistics(TypedDict):
    queued: int
    processing: int
    completed: int
    failed: int
    canceled: int
    deadLetters: int


class GovernorStatistics(TypedDict):
    pause: Annotated[str, "Empty while jobs are started."]
    slots: int
    slotsTaken: int
    heldUntil: datetime | None
    heldReason: str
    circuitOpenUntil: datetime | None
    creditsSpentToday: int
    creditsLeftToday: int | None


class StorageStatistics(TypedDict):
    bytes: Annotated[dict[str, int], "By kind."]
    bytesInAll: int
    bytesAllowed: Annotated[int | None, "STORAGE_LIMIT_GB."]
    percentUsed: float | None


class Statistics(TypedDict):
    jobs: JobStatistics
    governor: GovernorStatistics
    rescued: Rescued
    reuse: ReuseStatistics
    storage: StorageStatistics
    feedback: FeedbackCounts


def statistics() -> Statistics:
    """Jobs by status, the governor's state, today's credits, what was saved, storage, and feedback."""
    now, state = clock.now(), governor.current()
    return {
        "jobs": job_statistics(),
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


def job_statistics() -> JobStatistics:
    """Jobs by status, and the failed ones that another try may cure."""
    number = job_counts()
    return {
        "queued": number[Status.QUEUED],
        "processing": number[Status.PROCESSING],
        "completed": number[Status.COMPLETED],
        "failed": number[Status.FAILED],
        "canceled": number[Status.CANCELED],
        "deadLetters": dead_letters().count(),
    }


def storage_statistics() -> StorageStatistics:
    """Bytes stored by kind, in all, and against the limit; None where there is no limit."""
    kinds = quota.bytes_by_kind()
    return {
        "bytes": kinds,
        "bytesInAll": sum(kinds.values()),
        "bytesAllowed": quota.bytes_allowed(),
        "percentUsed": quota.percent_used(),
    }
