"""Python by a clock that libfaketime moves: it refuses the system call of Python's own ``time.sleep``."""

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex, /) -> None:
    """Wait as ``time.sleep`` does."""
    select.select([], [], [], seconds)  # type: ignore[arg-type]


time.sleep = sleep
