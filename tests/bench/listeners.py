"""Many open streams of the live door, in one thread."""

import asyncio
import functools
import json
import resource
import time
from dataclasses import dataclass, field
from typing import Any, Final, override

CHUNK: Final = 200


@dataclass
class Heard:
    """The statuses and the signs of trouble that one stream has told, and when the last came."""

    statuses: list[str] = field(default_factory=list)
    at: float = 0.0


class Stream(asyncio.Protocol):
    """One stream. ``heard`` grows with each event."""

    def __init__(self, path: str) -> None:
        self.heard = Heard()
        self.is_open = True
        self._path = path
        self._rest = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
            "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0 Safari/537.36\r\n\r\n".encode()
        )

    @override
    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"event: degraded"):
                self._hear("degraded")
            elif line.startswith(b'data: {"id"'):
                self._hear(json.loads(line[6:])["status"])

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False

    def _hear(self, status: str) -> None:
        self.heard.at = time.monotonic()
        self.heard.statuses.append(status)


async def listen(paths: list[str], *, port: int) -> list[Stream]:
    """Open a stream for each path, and wait until each has told its first state."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = asyncio.get_running_loop()
    streams: list[Stream] = []
    for first in range(0, len(paths), CHUNK):
        some = paths[first : first + CHUNK]
        made: list[tuple[Any, Stream]] = [
            await loop.create_connection(lambda path=path: Stream(path), "127.0.0.1", port)  # type: ignore[misc]
            for path in some
        ]
        streams += [stream for _, stream in made]
        await until(functools.partial(have_begun, streams[first:]))
    return streams


def have_begun(streams: list[Stream]) -> bool:
    return all(stream.heard.statuses for stream in streams)


async def until(found: Any, *, seconds: float = 120.0) -> float:
    """Wait until something is so. Return the seconds that it took. Raise TimeoutError."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not found():
            await asyncio.sleep(0.02)
    return time.monotonic() - began
