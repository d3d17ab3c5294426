"""The use of processes: CPU seconds and peak memory, from /proc (Linux)."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tryon.demo.processes import Child

TICKS: Final = os.sysconf("SC_CLK_TCK")
# Positions in /proc/<pid>/stat behind the program's name (proc(5), fields 6, 14 and 15).
SESSION, USER_TICKS, SYSTEM_TICKS = 3, 11, 12


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the process began, and its peak resident memory in MB (VmHWM)."""

    cpu: float
    peak_mb: float


class Meter:
    """Watches the children by name, with all that they start. Remembers those that have ended."""

    def __init__(self, children: Mapping[str, Child]) -> None:
        self._children = children
        self._seen: dict[tuple[str, int], Usage] = {}
        self.look()
        self._before = dict(self._seen)
        self._began = time.monotonic()
        self._busy_before = busy_seconds()

    def look(self) -> None:
        """Take a sample. What a process used after the last one before its end is missed."""
        names = {child.pid: name for name, child in self._children.items()}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if (name := names.get(int(fields[SESSION]))) is not None:
                    cpu = (int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])) / TICKS
                    self._seen[name, int(folder.name)] = Usage(cpu, peak_mb(folder))

    def cpu_share(self, name: str) -> float:
        """CPU used since the meter began, as a share of all cores."""
        return self._share(self.cpu_seconds(name))

    def cpu_share_of_others(self) -> float:
        """CPU that no child used: this program, and whatever else the machine is busy with."""
        ours = sum(self.cpu_seconds(name) for name in self._children)
        return self._share(busy_seconds() - self._busy_before - ours)

    def peak(self, name: str) -> float:
        """The largest process of this name, in MB."""
        return max(usage.peak_mb for key, usage in self._seen.items() if key[0] == name)

    def peak_of_all(self, name: str) -> float:
        """All processes of this name together, in MB. Pages that they share are counted for each."""
        return sum(usage.peak_mb for key, usage in self._seen.items() if key[0] == name)

    def cpu_seconds(self, name: str) -> float:
        """CPU seconds used since the meter began."""
        return sum(
            usage.cpu - (self._before[key].cpu if key in self._before else 0.0)
            for key, usage in self._seen.items()
            if key[0] == name
        )

    def _share(self, cpu_seconds: float) -> float:
        return cpu_seconds / (time.monotonic() - self._began) / (os.cpu_count() or 1)


def busy_seconds() -> float:
    """CPU seconds that all cores together have worked since the machine started."""
    user, nice, system, _idle, _waiting, *interrupts = (
        Path("/proc/stat").read_text().split("\n")[0].split()[1:8]
    )
    return sum(int(ticks) for ticks in (user, nice, system, *interrupts)) / TICKS


def peak_mb(folder: Path) -> float:
    """Peak resident memory of the process in MB; 0 for one that has ended and is not reaped yet."""
    lines = (folder / "status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
