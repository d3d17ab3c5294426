"""Redis that does not answer: one wait tells, and the next question is not asked for two seconds."""

import time
from collections.abc import Callable
from typing import Any, Final, override

from redis import RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

# How long an answer, or none, from Redis is believed.
TRUST_SECONDS: Final = 2.0


class Outage:
    """What this process knows of Redis being away, so that not every request waits for the same time-out."""

    def __init__(self) -> None:
        self._until = 0.0
        self._looked_at = 0.0

    def is_on(self) -> bool:
        """Whether Redis was away a moment ago."""
        return time.monotonic() < self._until

    def note(self) -> None:
        """Redis did not answer."""
        self._until = time.monotonic() + TRUST_SECONDS

    def end(self) -> None:
        """Redis is there."""
        self._until = 0.0

    def look(self, ping: Callable[[], object]) -> None:
        """Find out, unless it was found out a moment ago."""
        if time.monotonic() < self._looked_at + TRUST_SECONDS:
            return
        self._looked_at = time.monotonic()
        try:
            ping()
        except RedisError:
            self.note()
        else:
            self.end()


cache_outage: Final = Outage()


class AskOnce(Retry):
    """How the cache asks Redis: once, and not while it is known to be away.

    A Redis that hangs takes a whole time-out for each question, and a request asks several.
    """

    def __init__(self) -> None:
        super().__init__(NoBackoff(), 0)

    @override
    def call_with_retry(self, do: Callable[[], Any], *args: Any, **kwargs: Any) -> Any:
        if cache_outage.is_on():
            raise RedisConnectionError("Redis did not answer a moment ago.")
        try:
            return super().call_with_retry(do, *args, **kwargs)
        except (RedisConnectionError, RedisTimeoutError):
            cache_outage.note()
            raise
