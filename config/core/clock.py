"""The one clock: the database's.

Leases, back-off, windows, holds and budgets are times that one process writes and another compares. Hosts'
clocks differ: with a worker 30 s ahead, leases were taken away in mid-submission. Each process reads the
database's clock, and counts on from there by its own monotonic clock, which no correction of the host's
time moves.
"""

import asyncio
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Final

import structlog
from django.db import DatabaseError, connection

logger = structlog.stdlib.get_logger(__name__)

# How long one reading of the database's clock is counted on from, in seconds. A suspended machine's monotonic
# clock stands still, so not for long.
READING_SECONDS: Final = 30.0

_SQL: Final = {
    "postgresql": "SELECT clock_timestamp()",
    "sqlite": "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's time, and our monotonic clock in the middle of the question, in seconds."""

    at: datetime
    monotonic: float

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.monotonic)

    def is_fresh(self) -> bool:
        return time.monotonic() - self.monotonic < READING_SECONDS


class DatabaseClock:
    """A process's view of the database's clock."""

    def __init__(self) -> None:
        self._reading: Reading | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the database's time, in UTC. One query in half a minute.

        While the database is away the last reading counts on; without one, the host's clock has to do.
        """
        reading = self._reading
        if reading is None or not reading.is_fresh():
            reading = self._read_again(reading)
        return datetime.now(UTC) if reading is None else reading.now()

    def ask(self) -> Reading:
        """Ask the database now. Raise DatabaseError."""
        self._reading = reading = read()
        return reading

    def is_read(self) -> bool:
        """Return whether ``now`` needs no query."""
        return self._reading is not None and self._reading.is_fresh()

    def forget(self) -> None:
        """Ask the database at the next call."""
        self._reading = None

    def _read_again(self, known: Reading | None) -> Reading | None:
        # An event loop waits for no database. It looks at ``is_read`` before, so the reading is hardly older.
        if known is not None and asyncio._get_running_loop() is not None:
            return known
        # One thread asks; the others count on from what is known, or wait for the first reading.
        if not self._lock.acquire(blocking=known is None):
            return known
        try:
            if self._reading is known:
                self._reading = read()
            return self._reading
        except DatabaseError as error:
            logger.warning("clock_not_read", error=type(error).__name__)
            return known
        finally:
            self._lock.release()


def read() -> Reading:
    """Ask the database for its time. Raise DatabaseError."""
    with connection.cursor() as cursor:
        before = time.monotonic()
        cursor.execute(_SQL[connection.vendor])
        (at,) = cursor.fetchone()
        after = time.monotonic()
    if isinstance(at, str):
        at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Reading(at.astimezone(UTC), (before + after) / 2)


def host_seconds_ahead() -> float:
    """Return how far this host's clock is ahead of the database's, in seconds. Raise DatabaseError."""
    return (datetime.now(UTC) - _clock.ask().now()).total_seconds()


def known_seconds_ahead() -> float | None:
    """Return the same by the last reading, without a query. None where there is no fresh one."""
    return (datetime.now(UTC) - now()).total_seconds() if is_read() else None


_clock: Final = DatabaseClock()


def now() -> datetime:
    """Return the database's time, in UTC; see ``DatabaseClock.now``."""
    return _clock.now()


def today() -> date:
    """Return the database's day, in UTC."""
    return now().date()


def next_midnight() -> datetime:
    """Return the end of the database's day, in UTC."""
    return datetime.combine(today() + timedelta(days=1), time_of_day.min, UTC)


def is_read() -> bool:
    """Return whether ``now`` needs no query: an event loop must not wait for one."""
    return _clock.is_read()


def forget() -> None:
    """Ask the database for its time at the next call of ``now``."""
    _clock.forget()
