"""The arithmetic of waiting: progress and seconds, from a job's own times. Nothing is read or written."""

from typing import Final

from django.conf import settings

from config.core import clock
from tryon.models import Status, TryOnJob

# Between FASHN's answers progress follows the clock this far; the rest is FASHN's to confirm.
CLOCK_PROGRESS_END: Final = 90


def estimated_wait(*, jobs_ahead: int, typical: float) -> int:
    """Seconds until the picture of a job with so many before it should be there."""
    rounds = jobs_ahead // settings.QUEUE_CONCURRENCY + 1
    return max(1, round(rounds * typical))


def progress_now(job: TryOnJob) -> int:
    """The stored progress, carried on by the clock between two answers of FASHN."""
    if job.status != Status.PROCESSING or job.started_at is None or job.expected_at is None:
        return job.progress
    whole = (job.expected_at - job.started_at).total_seconds()
    gone = (clock.now() - job.started_at).total_seconds()
    by_clock = round(CLOCK_PROGRESS_END * gone / whole) if whole > 0 else CLOCK_PROGRESS_END
    return max(job.progress, min(CLOCK_PROGRESS_END, by_clock))


def seconds_left(job: TryOnJob) -> int | None:
    """Seconds until a processing job's picture should be there; None where nobody knows yet."""
    if job.status != Status.PROCESSING or job.expected_at is None:
        return None
    return max(1, round((job.expected_at - clock.now()).total_seconds()))
