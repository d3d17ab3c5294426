"""Counting from an event loop, which must never wait for Redis in a way that holds others."""

import asyncio
import functools
from collections.abc import Sequence
from typing import Any, Final

from redis import RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from config.core.redis import addresses
from config.core.redis.counters import COUNT, Counted, Counter, note_uncounted, question, told
from config.core.redis.outage import Outage, cache_outage

AWAY: Final = (RedisConnectionError, RedisTimeoutError, TimeoutError)


class LoopCounters:
    """``count`` for one event loop. ``most`` is the number of questions at once, each on a connection."""

    def __init__(self, url: str, *, most: int) -> None:
        self._url = url
        self._most = most
        self._refusing = Outage()

    async def count(self, counters: Sequence[Counter], names: Sequence[str]) -> Counted | None:
        """Return what ``counters.count`` returns. None says that a thread has to ask, or that nobody should.

        It does not ask while Redis is away, or a moment after it has refused.
        """
        if self.is_resting:
            return None
        try:
            async with asyncio.timeout(addresses.CACHE_SECONDS):
                answer = await self._script(*question(counters, names))
        except AWAY as error:
            cache_outage.note()
            note_uncounted(error)
        except RedisError:
            self._refusing.note()
            # The name may lead to another server by now, where this one has become a replica.
            await self._client.connection_pool.disconnect(inuse_connections=False)
        else:
            return told(answer, names)
        return None

    @property
    def is_resting(self) -> bool:
        """Return whether ``count`` would not ask."""
        return cache_outage.is_on() or self._refusing.is_on()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @functools.cached_property
    def _client(self) -> Any:
        return addresses.connect_in_loop(self._url, connections=self._most)

    @functools.cached_property
    def _script(self) -> Any:
        return self._client.register_script(COUNT)
