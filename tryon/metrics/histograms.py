"""Histograms of durations, in the buckets that Prometheus gets."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

# The upper ends of the buckets, in seconds.
BOUNDS: Final = (
    0.5,
    1.0,
    2.5,
    5.0,
    7.5,
    10.0,
    15.0,
    20.0,
    30.0,
    45.0,
    60.0,
    90.0,
    120.0,
    300.0,
    600.0,
    1800.0,
)
BEYOND: Final = "+Inf"
NAMES: Final = (*(f"{bound:g}" for bound in BOUNDS), BEYOND)


def bucket_of(seconds: float) -> str:
    """Return the name of the bucket that a duration falls into."""
    return NAMES[bisect_left(BOUNDS, seconds)]


def cumulative(buckets: Mapping[str, int]) -> list[tuple[str, float]]:
    """Return the number of durations up to each bound, as Prometheus has it."""
    found, below = [], 0
    for name in NAMES:
        below += buckets.get(name, 0)
        found.append((name, float(below)))
    return found


def quantile(buckets: Mapping[str, int], share: float) -> float | None:
    """Return the duration that a share of all durations stays below, as ``histogram_quantile`` does.

    It is in seconds, to a tenth. Within a bucket it lies on a straight line; beyond the last bound it is
    that bound. None without a duration.
    """
    rank, below, lower = share * sum(buckets.values()), 0, 0.0
    if not rank:
        return None
    for name, bound in zip(NAMES, BOUNDS, strict=False):
        number = buckets.get(name, 0)
        if number and below + number >= rank:
            return round(lower + (bound - lower) * (rank - below) / number, 1)
        below, lower = below + number, bound
    return BOUNDS[-1]
