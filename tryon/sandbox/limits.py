"""FASHN's request rates, as sliding windows on the sandbox clock."""

import threading
from collections import deque

from .clock import Clock

WINDOW_SECONDS = {"run": 60.0, "status": 10.0, "credits": 10.0}


class RateLimits:
    """One window per endpoint. A refused call does not count: a client that keeps knocking gets in again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {endpoint: deque() for endpoint in WINDOW_SECONDS}

    def allow(self, endpoint: str, limit: int) -> bool:
        """Count this call and return True, or return False when ``limit`` calls fill the window."""
        now = self._clock.now()
        with self._lock:
            calls = self._calls[endpoint]
            while calls and calls[0] <= now - WINDOW_SECONDS[endpoint]:
                calls.popleft()
            if len(calls) >= limit:
                return False
            calls.append(now)
            return True

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            for calls in self._calls.values():
                calls.clear()
