"""The live door in an event loop of its own, and clients that ask it."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from config.core.redis.addresses import connect_in_loop
from tests.waiting import LONGEST_SECONDS, eventually
from tryon.events import hub
from tryon.events.door import Door
from tryon.events.hub import Hub

EVENTS_URL = "https://live.example"


@dataclass
class Visit:
    """One request to the live door, and what comes back. ``reads`` is False for one that takes nothing."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    sent: list[dict[str, Any]] = field(default_factory=list)
    reads: threading.Event = field(default_factory=threading.Event)
    leaves: threading.Event = field(default_factory=threading.Event)
    is_over: bool = False

    async def ask(self, door: Door) -> None:
        parts = urlsplit(self.address)
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        scope = {
            "type": "http", "method": self.method, "path": parts.path, "query_string": parts.query.encode(),
            "headers": headers,
        }  # fmt: skip
        await door(scope, self._receive, self._send)
        self.is_over = True

    async def _receive(self) -> dict[str, Any]:
        await self._until(self.leaves)
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._until(self.reads)
        self.sent.append(message)

    async def _until(self, event: threading.Event) -> None:
        while not event.is_set():
            await asyncio.sleep(0.005)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def header(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent[1:]).decode()

    @property
    def data(self) -> Any:
        return json.loads(self.body)["data"]

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a stream, each with its name, its id and its data."""
        blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in self._blocks()]
        return [
            {**json.loads(block["data"]), "event": block["event"], "id": block.get("id")}
            for block in blocks
            if "event" in block
        ]

    @property
    def statuses(self) -> list[str]:
        """The statuses that a stream has told, and ``degraded``."""
        return [event.get("status", event["event"]) for event in self.events]

    def _blocks(self) -> list[str]:
        return [block for block in self.body.split("\n\n") if block.strip(":\n")]


class Live:
    """A running door."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._asked: list[Any] = []
        self.hub = self.run(self._hub(url))
        self.door = Door(self.hub, secret=django_settings.SECRET_KEY, connections=1000)
        eventually(lambda: not self.hub.is_away)

    async def _hub(self, url: str) -> Hub:
        started = Hub(lambda: connect_in_loop(url, connections=4))
        started.start()
        return started

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LONGEST_SECONDS)

    def call(self, work: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(work)

    def get(self, address: str, **headers: str) -> Visit:
        """Return the whole answer to a question for JSON."""
        return self.send(Visit(address, {name.replace("_", "-"): text for name, text in headers.items()}))

    def send(self, visit: Visit) -> Visit:
        visit.reads.set()
        self.run(visit.ask(self.door))
        return visit

    def listen(self, address: str, *, reads: bool = True, **headers: str) -> Visit:
        """Return an open stream."""
        given = {name.replace("_", "-"): text for name, text in headers.items()}
        visit = Visit(address, {"Accept": "text/event-stream", **given})
        if reads:
            visit.reads.set()
        self._asked.append(asyncio.run_coroutine_threadsafe(visit.ask(self.door), self._loop))
        return visit

    def close(self) -> None:
        """End all streams, and the loop. Fails for a stream that has failed."""
        self.call(self.hub.end)
        for asked in self._asked:
            asked.result(LONGEST_SECONDS)
        self.run(self.hub.close())
        self.call(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def events_url(settings: Settings) -> str:
    """The product knows a live door."""
    settings.EVENTS_URL = EVENTS_URL
    return EVENTS_URL


@pytest.fixture
def live(events_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A live door on the test run's own Redis. It looks at the clock often."""
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.05)
    door = Live(django_settings.REDIS_URL)
    yield door
    door.close()
