"""A client that keeps many connections busy with the same request, in one thread."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, override

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD_END: Final = b"\r\n\r\n"


@dataclass
class Load:
    """A request that must get 200 or 304, and the seconds that each answer took."""

    request: bytes
    seconds: list[float] = field(default_factory=list)
    wrong: bytes = b""

    @property
    def p99(self) -> float:
        """The time below which 99 of 100 answers came, in seconds."""
        return sorted(self.seconds)[int(0.99 * (len(self.seconds) - 1))]


class Connection(asyncio.Protocol):
    """Sends the request again as soon as its answer is whole, until ``ends_at``."""

    def __init__(self, load: Load, ends_at: float) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self._load = load
        self._ends_at = ends_at
        self._received = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._send()

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        if not is_whole(self._received):
            return
        self._load.seconds.append(time.perf_counter() - self._began)
        if int(self._received[9:12]) not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            self._load.wrong = self._received
        if self._load.wrong or time.perf_counter() > self._ends_at:
            self._transport.close()
        else:
            self._send()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if time.perf_counter() < self._ends_at and not self._load.wrong:
            self._load.wrong = b"The server closed the connection."
        self.closed.set_result(None)

    def _send(self) -> None:
        self._received = b""
        self._began = time.perf_counter()
        self._transport.write(self._load.request)


def is_whole(answer: bytes) -> bool:
    """Return whether an answer has all of its body. Its length must be told."""
    head, end, body = answer.partition(HEAD_END)
    if not end:
        return False
    if int(head[9:12]) == HTTPStatus.NOT_MODIFIED:
        return True
    length = LENGTH.search(head)
    assert length is not None, head
    return len(body) >= int(length[1])


def send(load: Load, *, port: int, connections: int, seconds: float) -> None:
    """Send the request over all connections for so long. Raise RuntimeError for an unexpected answer."""
    asyncio.run(_send(load, port=port, connections=connections, seconds=seconds))
    if load.wrong:
        raise RuntimeError(load.wrong.decode(errors="replace"))


async def _send(load: Load, *, port: int, connections: int, seconds: float) -> None:
    ends_at = time.perf_counter() + seconds
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Connection(load, ends_at), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.closed for _transport, connection in made))
