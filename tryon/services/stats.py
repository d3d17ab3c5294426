"""The statistics that operators watch."""

from datetime import datetime
from typing import Annotated, TypedDict

from config.core import clock
from config.core.upkeep import quota
from results.selectors import FeedbackCounts, feedback_counts
from tryon.accounts import queue_of
from tryon.engine import governor
from tryon.models import Account, Status
from tryon.selectors.jobs import dead_letters, job_counts, remembered_count
from tryon.selectors.predictions import Rescued, rescued
from tryon.services.reuse import ReuseStatistics, reuse_statistics


class JobStatistics(TypedDict):
    queued: int
    processing: int
    completed: int
    failed: int
    canceled: int
    deadLetters: int


class GovernorStatistics(TypedDict):
    pause: Annotated[str, "Empty while jobs start."]
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
    test: Annotated[bool, "The numbers of test keys: their jobs, and the sandbox that makes the pictures."]


def statistics(account: str) -> Statistics:
    """Return an account's state, and its queue's jobs by status, credits, savings and feedback.

    The storage is everybody's.
    """
    now, state, queue = clock.now(), governor.current(account), queue_of(account)
    return {
        "jobs": job_statistics(queue),
        "governor": {
            "pause": state.pause,
            "slots": governor.slots(state, now),
            "slotsTaken": governor.slots_taken(account),
            "heldUntil": state.held_until,
            "heldReason": state.held_reason,
            "circuitOpenUntil": state.open_until,
            "creditsSpentToday": governor.credits_spent_today(queue, now),
            "creditsLeftToday": governor.credits_left_today(queue),
        },
        "rescued": rescued(queue),
        "reuse": reuse_statistics(queue),
        "storage": storage_statistics(),
        "feedback": feedback_counts(queue, archived=queue == Account.LIVE),
        "test": account == Account.TEST,
    }


def job_statistics(queue: str) -> JobStatistics:
    """Return the number of a queue's jobs by status, and of failed jobs that another try may cure."""
    number = job_counts(queue)
    return {
        "queued": number[Status.QUEUED],
        "processing": number[Status.PROCESSING],
        "completed": number[Status.COMPLETED],
        "failed": number[Status.FAILED],
        "canceled": number[Status.CANCELED],
        "deadLetters": remembered_count(f"dead-letters:{queue}", dead_letters().filter(account=queue)),
    }


def storage_statistics() -> StorageStatistics:
    """Return the stored bytes by kind, in total and as a share of the limit, None without a limit."""
    kinds = quota.bytes_by_kind()
    return {
        "bytes": kinds,
        "bytesInAll": sum(kinds.values()),
        "bytesAllowed": quota.bytes_allowed(),
        "percentUsed": quota.percent_used(),
    }
