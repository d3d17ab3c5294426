"""The numbers of a comparison: the win rate with its interval, and the rule that ends it.

Equal pictures and skipped pairs are told, and count for neither side. The interval is Wilson's, of 95 %.

The rule looks after every vote, and each look is one more chance to be wrong. With the interval of 95 % it
would call 38 of 100 comparisons of equally good recipes decided within 500 votes (simulated). So it uses
three standard errors, with which it calls 4 of 100.
"""

import math
from dataclasses import dataclass
from typing import Final

LEAST_VOTES: Final = 20
SHOWN: Final = 1.96  # standard errors of the interval that people see
DECIDING: Final = 3.0


@dataclass(frozen=True, slots=True)
class Interval:
    """The win rate's bounds, from 0 to 1."""

    low: float
    high: float

    @property
    def excludes_a_half(self) -> bool:
        return self.low > 0.5 or self.high < 0.5


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of a comparison, of all people together."""

    a: int = 0
    b: int = 0
    equal: int = 0
    skipped: int = 0

    @property
    def votes(self) -> int:
        """Return the number of votes for a side."""
        return self.a + self.b

    @property
    def win_rate(self) -> float | None:
        """Return the share of recipe A of the votes for a side. None before the first."""
        return self.a / self.votes if self.votes else None

    @property
    def interval(self) -> Interval | None:
        """Return the 95 % interval of the win rate. None before the first vote for a side."""
        return wilson(self.a, self.votes, SHOWN) if self.votes else None

    @property
    def is_decided(self) -> bool:
        """Return whether enough people prefer one side, so that nobody needs to be asked."""
        return self.votes >= LEAST_VOTES and wilson(self.a, self.votes, DECIDING).excludes_a_half


def wilson(wins: int, votes: int, errors: float) -> Interval:
    """Return Wilson's score interval of a share, that many standard errors wide on each side."""
    rate, square = wins / votes, errors * errors
    centre = rate + square / (2 * votes)
    reach = errors * math.sqrt(rate * (1 - rate) / votes + square / (4 * votes * votes))
    return Interval((centre - reach) / (1 + square / votes), (centre + reach) / (1 + square / votes))
