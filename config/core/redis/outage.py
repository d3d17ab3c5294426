"""Outages of Redis: after one timeout nothing asks Redis again for two seconds."""

import time
from collections.abc import Callable
from typing import Any, Final, override

from redis import RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

# Seconds for which an answer from Redis, or a missing one, is believed.
TRUST_SECONDS: Final = 2.0


class Outage:
    """This process's memory of an outage, so that only one request waits for the timeout."""

    def __init__(self) -> None:
        self._until = 0.0
        self._looked_at = 0.0

    def is_on(self) -> bool:
        """Return whether Redis was away a moment ago."""
        return time.monotonic() < self._until

    def note(self) -> bool:
        """Note that Redis did not answer, or refused. Return whether the outage begins with it."""
        begins = self._until == 0.0
        self._until = time.monotonic() + TRUST_SECONDS
        return begins

    def end(self) -> None:
        """Note that Redis answered."""
        self._until = 0.0

    def look(self, work: Callable[[], object]) -> None:
        """Have Redis do some work, unless its last answer is a moment old."""
        if time.monotonic() < self._looked_at + TRUST_SECONDS:
            return
        self._looked_at = time.monotonic()
        try:
            work()
        except RedisError:
            self.note()
        else:
            self.end()


cache_outage: Final = Outage()


class AskOnce(Retry):
    """The cache's policy for retries: ask Redis once, and not during a known outage.

    A Redis that hangs costs a whole timeout for each question, and a request asks several.
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
