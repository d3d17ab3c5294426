"""The arithmetic of a job's progress between two answers of FASHN. Plain Python: the live door has it too."""

from typing import Final

# Progress follows the clock up to here. FASHN confirms the rest.
CLOCK_PROGRESS_END: Final = 90
LONGEST_PAUSE: Final = 30  # seconds


def progress_after(progress: int, *, gone: float, whole: float) -> int:
    """Return the stored progress, moved on by the clock: ``gone`` of ``whole`` seconds have passed."""
    by_clock = round(CLOCK_PROGRESS_END * gone / whole) if whole > 0 else CLOCK_PROGRESS_END
    return max(progress, min(CLOCK_PROGRESS_END, by_clock))


def seconds_until(left: float) -> int:
    """Return the whole seconds to tell of these until the picture."""
    return max(1, round(left))


def pause_of(wait: int) -> int:
    """Return the seconds until the next question: ask less often about a long wait."""
    return min(LONGEST_PAUSE, max(1, wait // 4))
