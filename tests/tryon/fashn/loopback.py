"""A server on 127.0.0.1 that answers as a test scripted, broken connections too, and records what it saw."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, override

from tests.waiting import LONGEST_SECONDS


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; ``port`` tells the client's connections apart."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int

    @property
    def json(self) -> object:
        return json.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Loopback"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.server.seen.append(
            Seen(self.command, self.path, dict(self.headers.items()), body, self.client_address[1])
        )
        self.server.called.set()
        # The last step stays, for tests that do not count requests.
        steps = self.server.script
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        step(self)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output clean."""


type Step = Callable[[Handler], None]


class Loopback(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[Seen] = []
        self.script: list[Step] = []
        self.called = threading.Event()
        self.released = threading.Event()
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def answers(self, *steps: Step) -> None:
        """Set what the next requests get, in order; the last step repeats."""
        self.script[:] = steps

    def requests(self) -> int:
        """Return how many requests came, the first waited for: its sender may be gone before it is read."""
        self.called.wait(LONGEST_SECONDS)
        return len(self.seen)

    @override
    def __enter__(self) -> Self:
        self._thread.start()
        return self

    @override
    def __exit__(self, *exc: object) -> None:
        self.released.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in self._connections:
            # A client that stays connected might ask the next server with this port, and be answered here.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @override
    def verify_request(self, request: Any, client_address: object) -> bool:
        self._connections.append(request)
        return True

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is what some tests are about."""


def answer(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Step:
    """A whole answer; anything but bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def step(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(raw)

    return step


def chunked(body: bytes, *, content_type: str) -> Step:
    """A whole answer that does not announce its length."""

    def step(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))

    return step


def broken_off(body: bytes, *, status: int = 200, content_type: str = "application/json") -> Step:
    """An answer that promises twice the bytes that it sends, then closes."""

    def step(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(2 * len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return step


def closes(handler: Handler) -> None:
    """No answer: the connection is closed in an orderly way."""
    handler.close_connection = True


def resets(handler: Handler) -> None:
    """No answer: the connection is torn down, as by a killed process."""
    reset(handler.connection)
    handler.close_connection = True


def hangs(handler: Handler) -> None:
    """No answer until the test is over."""
    handler.server.released.wait(LONGEST_SECONDS)
    handler.close_connection = True


def drips(handler: Handler) -> None:
    """An answer whose body comes byte by byte, each in time, and never ends."""
    handler.send_response(200)
    handler.send_header("Content-Type", "image/png")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def reset(connection: socket.socket) -> None:
    """Close with RST in place of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
