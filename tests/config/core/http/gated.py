"""A gate with small limits, and requests as a server hands them on."""

import asyncio
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from config.core.http.gate import BodyLimits, Gate, Places, Room, Rooms
from tests.waiting import LONGEST_SECONDS

type Message = dict[str, Any]


FORM = (b"content-type", b"multipart/form-data; boundary=b")


LENGTH = b"content-length"


@dataclass
class Client:
    """One request, the parts of its body, and what comes back. After its last part it stays silent."""

    path: str = "/api/tryon/jobs"
    method: str = "GET"
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=list)
    ends: bool = True
    address: str = "127.0.0.1"
    leaves: bool = False
    extensions: dict[str, Any] = field(default_factory=dict)
    sent: list[Message] = field(default_factory=list)
    reads: int = 0

    async def ask(self, gate: Gate) -> "Client":
        scope = {
            "type": "http", "http_version": "1.1", "method": self.method, "scheme": "http", "path": self.path,
            "raw_path": self.path.encode(), "query_string": self.query, "headers": self.headers,
            "client": (self.address, 40_000), "server": ("127.0.0.1", 80), "extensions": self.extensions,
        }  # fmt: skip
        await gate(scope, self._receive, self._send)
        return self

    async def _receive(self) -> Message:
        self.reads += 1
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts) or not self.ends}
        if self.leaves:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def header(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer with what arrived."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [body]


def gate_for(application: Any = echo, **changes: Any) -> Gate:
    rooms = Rooms(
        pages=Room("pages", threads=2, waiting=4, per_caller=6),
        uploads=Room("uploads", threads=1, waiting=2, per_caller=2),
        fetches=Room("fetches", threads=1, waiting=0, per_caller=1),
        logins=Room("logins", threads=1, waiting=0, per_caller=1),
        searches=Room("searches", threads=1, waiting=0, per_caller=1),
        downloads=Room("downloads", threads=1, waiting=0, per_caller=1),
        login_path="/admin/login/",
        upload_path="/api/tryon/upload",
    )
    options: dict[str, Any] = {
        "rooms": rooms,
        "bodies": Places(places=3, waiting=0, per_caller=2),
        "files": BodyLimits(size=1000, seconds=60),
        "texts": BodyLimits(size=100, seconds=60),
        "health_path": "/healthz",
    }
    return Gate(application, **{**options, **changes})


def ask(client: Client, gate: Gate | None = None) -> Client:
    return asyncio.run(client.ask(gate or gate_for()))


def post(*parts: bytes, **more: Any) -> Client:
    headers = more.pop("headers", [(b"transfer-encoding", b"chunked")])
    return Client(method="POST", parts=list(parts), headers=headers, **more)


class Door:
    """An application that holds its requests until it is opened, and counts who is inside."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.inside: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.inside.append(environ["REMOTE_ADDR"])
        self.opened.wait(60)
        start_response("200 OK", [])
        return [b""]

    async def has(self, number: int) -> None:
        async with asyncio.timeout(LONGEST_SECONDS):
            while len(self.inside) < number:
                await asyncio.sleep(0.001)
