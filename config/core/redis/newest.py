"""The newest state of a subject, kept in Redis under a name, and told to those who listen on that name.

A state has an order, and never takes the place of one with a later order: two processes may write at once.
A name without a text is reserved: a state is wanted, and nobody has written one yet. Plain Python.
"""

from typing import Final, NamedTuple, Self
from uuid import UUID

PREFIX: Final = "tryon-studio:live:"
# A subject is followed for this long after the last who asked for it, or who changed it.
KEEP_SECONDS: Final = 900

_ORDER: Final = 34
_WRITTEN: Final = 13

# The time is Redis's own: the clocks of hosts differ.
WRITE: Final = """
local old = redis.call('GET', KEYS[1])
if old and string.sub(old, 1, 34) > ARGV[1] then
    return 0
end
local now = redis.call('TIME')
local written = string.format('%013.0f', now[1] * 1000 + math.floor(now[2] / 1000))
local value = ARGV[1] .. written .. ARGV[2]
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
if not old or string.sub(old, 48) ~= ARGV[2] then
    redis.call('PUBLISH', KEYS[1], value)
end
return 1
"""


class State(NamedTuple):
    """A state as Redis has it. ``written_at`` is in seconds, by Redis's clock."""

    version: int
    written_at: float
    body: bytes

    @classmethod
    def of(cls, value: bytes | None) -> Self | None:
        """Return the state in a value, None for a name that is only reserved, or not even that."""
        if not value:
            return None
        head = _ORDER + _WRITTEN
        return cls(int(value[: _ORDER // 2]), int(value[_ORDER:head]) / 1000, value[head:])


def name_of(subject: UUID | str) -> str:
    """Return the name of a subject's state, and of its channel."""
    return f"{PREFIX}{subject}"


def order_of(version: int, read: int) -> str:
    """Return the order of a state: by its version, then by the time at which it was read. Microseconds."""
    return f"{version:017d}{read:017d}"
