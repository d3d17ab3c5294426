"""The sandbox's own time: runs faster than the wall clock and can be pushed forward."""

import threading
import time
from datetime import UTC, datetime


class Clock:
    """Seconds since the epoch in sandbox time. ``speed`` 10 means that ten sandbox seconds pass in one."""

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError("speed must be above 0")
        self.speed = speed
        self._origin = time.time()
        self._began = time.monotonic()
        self._pushed = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the sandbox time in seconds since the epoch; it never runs backwards."""
        return self._origin + (time.monotonic() - self._began) * self.speed + self._pushed

    def push(self, seconds: float) -> None:
        """Move the time forward by this many sandbox seconds at once."""
        with self._lock:
            self._pushed += seconds

    def real_seconds(self, seconds: float) -> float:
        """Return how many seconds of the wall clock this many sandbox seconds last."""
        return seconds / self.speed


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
