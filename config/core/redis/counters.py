"""Counters in Redis: one command counts in several of them, and reads the cache beside it."""

import functools
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import structlog
from django.core.cache import cache
from redis import Redis, RedisError
from redis.commands.core import Script

from config.core.redis.outage import Outage, cache_outage

logger = structlog.stdlib.get_logger(__name__)

# A window begins with the first request in it, by Redis's own clock. A request that is one too many for a
# counter does not count in those after it, and reads nothing. ``limits`` counts one window in each question,
# and asks a second time for what is left.
COUNT: Final = """
local counters, found = tonumber(ARGV[1]), {}
for i = 1, counters do
    local count, left = redis.call('INCR', KEYS[i]), redis.call('PTTL', KEYS[i])
    if left < 0 then
        left = tonumber(ARGV[2 * i + 1])
        redis.call('PEXPIRE', KEYS[i], left)
    end
    found[i] = {count, left}
    if count > tonumber(ARGV[2 * i]) then
        return {found}
    end
end
return {found, #KEYS > counters and redis.call('MGET', unpack(KEYS, counters + 1)) or {}}
"""


# It goes on until a request is counted again.
uncounted: Final = Outage()


class Counter(NamedTuple):
    """A counter: its name in the cache, and the most that it may count in a window of seconds."""

    name: str
    most: int
    seconds: int


class Count(NamedTuple):
    """The requests counted so far in a window, this one too, and the seconds until it ends."""

    used: int
    seconds: float


def count(counters: Sequence[Counter], names: Sequence[str] = ()) -> tuple[list[Count], dict[str, Any]]:
    """Count one request in each counter, and return the cached values with these names, in one question.

    The counts end with the first that is too high, and there are none while Redis is away or refuses. The log
    has one line for each outage.
    """
    if cache_outage.is_on():
        return [], {}
    client = _client()
    try:
        counts, values = _ask(client, counters, names)
    except RedisError as error:
        if uncounted.note():
            logger.warning("requests_not_counted", error=type(error).__name__)
        return [], cache.get_many(names) if names else {}
    uncounted.end()
    found = {
        name: client.decode(value) for name, value in zip(names, values, strict=False) if value is not None
    }
    return [Count(used, left / 1000) for used, left in counts], found


def _ask(client: Any, counters: Sequence[Counter], names: Sequence[str]) -> tuple[list[list[int]], list[Any]]:
    keys = [str(client.make_key(name)) for name in (*(counter.name for counter in counters), *names)]
    numbers = [number for counter in counters for number in (counter.most, counter.seconds * 1000)]
    answer: Any = _script()(keys, [len(counters), *numbers], client=client.get_client(write=True))
    return answer[0], answer[1] if len(answer) > 1 else []


@functools.cache
def _script() -> Script:
    redis: Redis = _client().get_client(write=True)
    return redis.register_script(COUNT)


def _client() -> Any:
    """Return django-redis's client, which knows the server and the form of its names and values."""
    backend: Any = cache
    return backend.client
