"""Bodies: whole before Django begins, within a size and a time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, cast

from config.core.http.gate.answers import Scope
from config.core.http.gate.refusals import BodyTooLarge, BodyTooSlow, HeadersUnreadable

type Receive = Callable[[], Any]

MEMORY_BYTES: Final = 1 << 18
# A body that is a little too large is read and thrown away, for at most these seconds. A proxy that still
# sends when the answer comes and the connection ends takes us for broken, and answers 502.
THROW_AWAY_SECONDS: Final = 2.0


class ClientGone(Exception):
    """The client left in the middle of its request."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The most that a body may have and take. ``silence`` is the longest time without a byte."""

    size: int
    seconds: float
    silence: float = 10.0


@dataclass(frozen=True, slots=True)
class Body:
    """A whole body. ``length`` is None for a request without one."""

    file: IO[bytes]
    length: int | None


def no_body() -> Body:
    return Body(BytesIO(), None)


def declared_length(scope: Scope, headers: dict[bytes, bytes]) -> int | None:
    """Return the length that the headers tell: 0 without a body, None for one that they do not tell.

    Raise HeadersUnreadable.
    """
    if (text := headers.get(b"content-length")) is not None:
        if not text.isdigit() or len(text) > 18:
            raise HeadersUnreadable
        return int(text)
    has_unknown_length = b"transfer-encoding" in headers or scope["http_version"].startswith("2")
    return None if has_unknown_length else 0


def check_length(length: int | None, limits: BodyLimits) -> None:
    """Raise BodyTooLarge by what the headers say, before a byte is read."""
    if length is not None and length > limits.size:
        raise BodyTooLarge(limits.size, actual=length)


async def throw_away(receive: Receive, length: int | None, limits: BodyLimits) -> None:
    """Read a body that is to be refused, if it is at most twice as large as it may be."""
    if length is None or length > 2 * limits.size:
        return
    with suppress(TimeoutError):  # who is slower hears of the refusal in the middle
        async with asyncio.timeout(THROW_AWAY_SECONDS):
            while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                pass


async def read_body(receive: Receive, limits: BodyLimits) -> Body:
    """Read a body to its end. Raise BodyTooLarge, BodyTooSlow and ClientGone."""
    spool = cast(IO[bytes], SpooledTemporaryFile(MEMORY_BYTES))  # noqa: SIM115  (the gate closes it)
    try:
        length = await _fill(spool, receive, limits)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return Body(spool, length)


async def _fill(spool: IO[bytes], receive: Receive, limits: BodyLimits) -> int:
    loop = asyncio.get_running_loop()
    end = loop.time() + limits.seconds
    length = 0
    try:
        async with asyncio.timeout(None) as timer:
            while True:
                timer.reschedule(min(end, loop.time() + limits.silence))
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone
                chunk = message.get("body", b"")
                length += len(chunk)
                if length > limits.size:
                    raise BodyTooLarge(limits.size)
                spool.write(chunk)
                if not message.get("more_body"):
                    return length
    except TimeoutError as error:
        raise BodyTooSlow from error
