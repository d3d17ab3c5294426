"""Giving memory back to the system after a picture."""

import ctypes
import sys
from typing import Final

# mallopt(3), glibc: blocks of this size and more are mapped on their own, and so returned when freed.
M_MMAP_THRESHOLD: Final = -3
OWN_MAPPING_BYTES: Final = 1024 * 1024


def return_large_blocks() -> None:
    """Fix the size from which glibc maps blocks on their own; elsewhere do nothing.

    Left alone, glibc raises that size up to 32 MB as large blocks are freed, and keeps what pictures used in
    its heap: a web process that had met every kind of picture once held 357 MB.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(M_MMAP_THRESHOLD, OWN_MAPPING_BYTES)
