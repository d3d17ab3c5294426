"""Marks in Redis end tickets before their time.

A mark names a holder or a viewer, and a time in seconds since 1970. Their tickets that end by then have
ended. It is kept for as long as such a ticket could live. Plain Python.
"""

from collections.abc import Sequence
from typing import Any, Final

from config.core.redis.newest import PREFIX
from config.core.tickets import SECONDS, Ticket

NAME: Final = f"{PREFIX}revoked"

type Marks = dict[bytes, int]


def write(redis: Any, digests: Sequence[bytes], until: int) -> None:
    """End the tickets of these digests that end by ``until``, in seconds since 1970. Raise RedisError."""
    writing = redis.pipeline()
    writing.zremrangebyscore(NAME, "-inf", until - 2 * SECONDS)
    writing.zadd(NAME, {digest.hex(): until for digest in digests})
    writing.expire(NAME, 2 * SECONDS)
    writing.execute()


async def read(redis: Any) -> Marks:
    """Return all marks. Raise RedisError."""
    found = await redis.zrange(NAME, 0, -1, withscores=True)
    return {bytes.fromhex(digest.decode()): int(until) for digest, until in found}


def is_ended(ticket: Ticket, marks: Marks) -> bool:
    """Return whether a mark ends the ticket."""
    return max(marks.get(ticket.holder, 0), marks.get(ticket.viewer, 0)) >= ticket.until
