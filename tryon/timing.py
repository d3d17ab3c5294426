"""The arithmetic of waiting: progress and seconds from a job's own times, without I/O."""

from datetime import datetime
from typing import NamedTuple, Protocol

from config.core import clock
from tryon.accounts import concurrency_of
from tryon.course import progress_after, seconds_until
from tryon.models import Status


class Timed(Protocol):
    """A job, as far as the clock moves it."""

    @property
    def status(self) -> str: ...
    @property
    def progress(self) -> int: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def expected_at(self) -> datetime | None: ...


class Course(NamedTuple):
    """These values of a job without its row."""

    status: str
    progress: int
    started_at: datetime | None
    expected_at: datetime


def estimated_wait(queue: str, *, jobs_ahead: int, typical: float) -> int:
    """Return the expected seconds until the picture of a job with ``jobs_ahead`` is ready."""
    rounds = jobs_ahead // concurrency_of(queue) + 1
    return max(1, round(rounds * typical))


def progress_now(job: Timed) -> int:
    """Return the stored progress, moved on by the clock between two answers of FASHN."""
    if job.status != Status.PROCESSING or job.started_at is None or job.expected_at is None:
        return job.progress
    whole = (job.expected_at - job.started_at).total_seconds()
    gone = (clock.now() - job.started_at).total_seconds()
    return progress_after(job.progress, gone=gone, whole=whole)


def seconds_left(job: Timed) -> int | None:
    """Return the expected seconds until a processing job's picture is ready, None if unknown."""
    if job.status != Status.PROCESSING or job.expected_at is None:
        return None
    return seconds_until((job.expected_at - clock.now()).total_seconds())
