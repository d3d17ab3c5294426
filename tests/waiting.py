"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable
from typing import Final

# Far longer than a slow machine needs: reached only where what is waited for never happens.
LONGEST_SECONDS: Final = 120.0


def eventually[T](found: Callable[[], T | None], *, pause: float = 0.02) -> T:
    """Return what ``found`` returns once it is true. Fails where that takes too long.

    ``pause`` is the seconds between two looks: 0 for a look that does the work itself.
    """
    deadline = time.monotonic() + LONGEST_SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(pause)
    return value
