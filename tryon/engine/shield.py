"""The unsafe window is out of reach of RQ's time limit.

RQ ends a task that takes too long by raising an exception wherever it is. Between sending a paid call and
writing down its id that would lose the id. What happens there has deadlines of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

_raised = 0


@contextmanager
def shielded() -> Iterator[None]:
    """Let the block end before the task's time limit strikes."""
    global _raised  # a signal handler reads it, and one thread of the process runs tasks
    _raised += 1
    try:
        yield
    finally:
        _raised -= 1


def is_raised() -> bool:
    """Return whether the process is in a block that must not be broken off."""
    return _raised > 0
