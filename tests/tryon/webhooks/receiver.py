"""A shop's server on loopback: it keeps what it is sent, and answers as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from typing import Any, override

from standardwebhooks import Webhook


@dataclass
class Got:
    """One request."""

    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """Return the body as JSON. The official library raises if its signature is wrong."""
        return Webhook(secret).verify(self.body, self.headers)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Answer:
    """The answer to a post. ``slow`` is called before it, and ``is_lost`` ends the connection without it."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_lost: bool = False
    slow: Callable[[], object] = lambda: None


class Receiver(ThreadingHTTPServer):
    """Keeps each post."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Post)
        self.got: list[Got] = []
        self.answer = Answer()
        self.closed = Event()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that the sender has cut."""

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/hook"


class _Post(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(Got({name.lower(): value for name, value in self.headers.items()}, body))
        answer = self.server.answer
        answer.slow()
        if answer.is_lost:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    @override
    def log_message(self, *args: Any) -> None:
        """Say nothing."""
