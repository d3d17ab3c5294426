"""The statistics that operators watch."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, TypedDict

from config.core import clock
from config.core.upkeep import quota
from results.selectors import FeedbackCounts, feedback_counts
from tryon.accounts import queue_of
from tryon.engine import governor
from tryon.models import Account, Status
from tryon.selectors.jobs import dead_letters, job_counts, remembered_count
from tryon.selectors.predictions import Rescued, rescued
from tryon.services.reuse import ReuseStatistics, reuse_statistics

BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


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


def statistics(*accounts: str) -> Statistics:
    """Return the state of accounts, and their queue's jobs by status, credits, savings and feedback.

    Several accounts stand still only together. The storage is everybody's.
    """
    queue = queue_of(accounts[0])
    return {
        "jobs": job_statistics(queue),
        "governor": governor_statistics(accounts),
        "rescued": rescued(queue),
        "reuse": reuse_statistics(queue),
        "storage": storage_statistics(),
        "feedback": feedback_counts(queue, archived=queue == Account.LIVE),
        "test": queue == Account.TEST,
    }


def governor_statistics(accounts: Sequence[str]) -> GovernorStatistics:
    """Return the state of accounts of one queue together, as their jobs meet it."""
    now, queue = clock.now(), queue_of(accounts[0])
    states = [governor.current(account) for account in accounts]
    first_held = min(states, key=lambda state: state.held_until or BEFORE_ALL)
    circuits = [state.open_until for state in states if state.open_until is not None]
    return {
        "pause": states[0].pause if all(state.pause for state in states) else "",
        "slots": sum(governor.slots(state, now) for state in states),
        "slotsTaken": sum(governor.slots_taken(account) for account in accounts),
        "heldUntil": first_held.held_until,
        "heldReason": first_held.held_reason,
        "circuitOpenUntil": min(circuits) if len(circuits) == len(states) else None,
        "creditsSpentToday": governor.credits_spent_today(queue, now),
        "creditsLeftToday": governor.credits_left_today(queue),
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
