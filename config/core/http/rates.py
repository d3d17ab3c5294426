"""Rates: the requests of one caller in a minute, counted in Redis, and told in the headers of each answer."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.core.redis.counters import Count, Counter

WINDOW_SECONDS: Final = 60
NOTHING_USED: Final = Count(0, WINDOW_SECONDS)
RATE_HEADERS: Final = (
    "RateLimit-Policy",
    "RateLimit",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
# A process remembers at most this many callers that are over a rate. A forgotten one is counted again.
MOST_REMEMBERED: Final = 10_000


class RateLimited(DomainError):
    """``wait`` is in seconds, for Retry-After, and ``headers`` tell the rate."""

    code: ClassVar[str] = "rate_limited"
    status: ClassVar[int] = 429
    retryable: ClassVar[bool] = True
    message: Any = _("You send too many requests in a minute. Wait a moment, then go on more slowly.")

    def __init__(self, *, wait: int, details: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(details=details)
        self.wait = wait
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of one caller. ``policy`` is its name in the headers, and ``caller`` is any text."""

    policy: str
    caller: str
    most: int

    @property
    def counter(self) -> Counter:
        return Counter(f"rate:{self.policy}:{self.caller}", self.most, WINDOW_SECONDS)


@dataclass(frozen=True, slots=True)
class Usage:
    """The rates of one request, and what is used of each. Nothing is used where Redis counts nothing."""

    rates: Sequence[Rate]
    counts: Sequence[Count]

    def headers(self) -> dict[str, str]:
        """Return the headers of the IETF's draft, and the older ones for the rate with the least left."""
        counts = [*self.counts, *[NOTHING_USED] * (len(self.rates) - len(self.counts))]
        left = [
            Left(rate, max(0, rate.most - count.used), max(1, math.ceil(count.seconds)))
            for rate, count in zip(self.rates, counts, strict=True)
        ]
        least = min(left, key=lambda one: one.requests / one.rate.most)
        values = (
            ", ".join(f'"{rate.policy}";q={rate.most};w={WINDOW_SECONDS}' for rate in self.rates),
            ", ".join(f'"{one.rate.policy}";r={one.requests};t={one.seconds}' for one in left),
            str(least.rate.most),
            str(least.requests),
            str(math.ceil(clock.now().timestamp() + least.seconds)),
        )
        return dict(zip(RATE_HEADERS, values, strict=True))

    def refusal(self) -> RateLimited | None:
        """Return the refusal of a request that is one too many, and remember its caller."""
        for rate, count in zip(self.rates, self.counts, strict=False):
            if count.used > rate.most:
                return REFUSED.add(rate, count, self.headers())
        return None


class Left(NamedTuple):
    """The requests left of a rate in its window, and the seconds until that ends."""

    rate: Rate
    requests: int
    seconds: int


class Refused:
    """This process's memory of callers over a rate: their requests are refused before anything is read."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, RateLimited]] = {}

    def add(self, rate: Rate, count: Count, headers: Mapping[str, str]) -> RateLimited:
        """Remember a caller until the window ends. Return the refusal."""
        wait = max(1, math.ceil(count.seconds))
        resets = clock.now() + timedelta(seconds=count.seconds)
        details = {
            "policy": rate.policy,
            "limit": rate.most,
            "seconds": WINDOW_SECONDS,
            "resetsAt": resets.isoformat(),
        }
        error = RateLimited(wait=wait, details=details, headers=headers)
        if len(self._until) >= MOST_REMEMBERED:
            self._until.clear()
        self._until[rate.counter.name] = time.monotonic() + count.seconds, error
        return error

    @property
    def is_empty(self) -> bool:
        """Return whether no caller is remembered."""
        return not self._until

    def refusal(self, rates: Sequence[Rate]) -> RateLimited | None:
        """Return the refusal of a caller that is remembered for one of these rates."""
        for rate in rates:
            if (found := self._until.get(rate.counter.name)) is None:
                continue
            until, error = found
            left = until - time.monotonic()
            if left > 0:
                return RateLimited(wait=math.ceil(left), details=error.details, headers=error.headers)
            self._until.pop(rate.counter.name, None)
        return None

    def forget(self) -> None:
        """Forget all callers."""
        self._until.clear()


REFUSED: Final = Refused()
