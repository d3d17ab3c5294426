"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable
from typing import Final

# Far longer than a slow machine needs: reached only where what is waited for never happens.
LONGEST_SECONDS: Final = 120.0


def eventually[T](found: Callable[[], T | None]) -> T:
    """Return what ``found`` returns once it is true. Fails where that takes too long."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value
