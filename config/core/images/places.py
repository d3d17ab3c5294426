"""Places for pictures: all processes of the machine together decode one picture for each core."""

import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.core.images.errors import ImagesBusy
from config.core.private import FILE_MODE, make_private_folder

POLL_SECONDS: Final = 0.02
CGROUP_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


@contextmanager
def place(folder: Path, wait_seconds: float) -> Iterator[None]:
    """Hold one of the machine's places. Raise ``ImagesBusy`` when none becomes free in time.

    A place is a locked file, which the kernel gives back when its holder dies.
    """
    make_private_folder(folder)
    deadline = time.monotonic() + wait_seconds
    while (file := _free_place(folder)) is None:
        if time.monotonic() > deadline:
            raise ImagesBusy
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        # Closing is not enough: a process forked since then has the file open, too.
        fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)


def place_count() -> int:
    """Return the number of cores that this process may use, by affinity and by its container's quota."""
    cores = os.process_cpu_count() or 1
    try:
        quota, period = CGROUP_QUOTA.read_text().split()
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no control group, or "max": no quota
        return cores


def _free_place(folder: Path) -> int | None:
    for number in range(place_count()):
        file = os.open(folder / str(number), os.O_RDONLY | os.O_CREAT, FILE_MODE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
        else:
            return file
    return None
