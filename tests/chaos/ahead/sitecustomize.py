"""Python by a clock that libfaketime moves: it refuses the system call of Python's own ``time.sleep``."""

import select
import time


def sleep(seconds: float) -> None:
    """Wait as ``time.sleep`` does."""
    select.select([], [], [], seconds)


time.sleep = sleep
