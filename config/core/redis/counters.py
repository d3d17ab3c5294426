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


type Counted = tuple[list[Count], dict[str, Any]]


def count(counters: Sequence[Counter], names: Sequence[str] = ()) -> Counted:
    """Count one request in each counter, and return the cached values with these names, in one question.

    The counts end with the first that is too high, and there are none while Redis is away or refuses. The log
    has one line for each outage.
    """
    if cache_outage.is_on():
        return [], {}
    try:
        answer: Any = _script()(*question(counters, names), client=_client().get_client(write=True))
    except RedisError as error:
        note_uncounted(error)
        return [], cache.get_many(names) if names else {}
    return told(answer, names)


def question(counters: Sequence[Counter], names: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the keys and the arguments of ``COUNT``."""
    client = _client()
    keys = [str(client.make_key(name)) for name in (*(counter.name for counter in counters), *names)]
    numbers = [number for counter in counters for number in (counter.most, counter.seconds * 1000)]
    return keys, [len(counters), *numbers]


def told(answer: Any, names: Sequence[str]) -> Counted:
    """Return what the answer to ``COUNT`` tells."""
    uncounted.end()
    client = _client()
    counts, values = answer if len(answer) > 1 else (answer[0], ())
    found = {
        name: client.decode(value) for name, value in zip(names, values, strict=False) if value is not None
    }
    return [Count(used, left / 1000) for used, left in counts], found


def note_uncounted(error: Exception) -> None:
    """Write a line into the log where an outage begins."""
    if uncounted.note():
        logger.warning("requests_not_counted", error=type(error).__name__)


@functools.cache
def _script() -> Script:
    redis: Redis = _client().get_client(write=True)
    return redis.register_script(COUNT)


def _client() -> Any:
    """Return django-redis's client, which knows the server and the form of its names and values."""
    backend: Any = cache
    return backend.client
