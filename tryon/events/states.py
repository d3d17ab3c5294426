"""A job's state, as the live door tells it to a viewer now."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

from config.core.redis.newest import State
from tryon.course import pause_of, progress_after, seconds_until

PROCESSING: Final = "processing"
ACTIVE: Final = frozenset({"queued", PROCESSING})


@dataclass(frozen=True)
class View:
    """The state that one kind of viewer is told. ``id`` begins with the job's version."""

    version: int
    seen: dict[str, Any]

    @cached_property
    def data(self) -> bytes:
        """Return the JSON."""
        return json.dumps(self.seen, separators=(",", ":")).encode()

    @cached_property
    def id(self) -> str:
        """Return the name of this very state: a listener who has it needs no other."""
        return f"{self.version}-{hashlib.sha256(self.data).hexdigest()[:12]}"

    @property
    def is_over(self) -> bool:
        """Return whether the job has ended for the viewer."""
        return self.seen["status"] not in ACTIVE

    @property
    def pause(self) -> int:
        """Return the seconds until the next question, 0 after the end."""
        return 0 if self.is_over else pause_of(self.seen.get("estimatedWaitTime", 0))

    @cached_property
    def event(self) -> bytes:
        """Return it as an event of a stream."""
        return b"event: status\nid: %s\ndata: %s\n\n" % (self.id.encode(), self.data)

    @cached_property
    def body(self) -> bytes:
        """Return it as the body of an answer."""
        return b'{"success":true,"data":%s}' % self.data

    @cached_property
    def tag(self) -> bytes:
        """Return the ``ETag`` of ``body``."""
        return f'"{self.id}"'.encode()


class Job:
    """The newest state of a job. ``since`` is the monotonic time at which it was written."""

    def __init__(self, version: int, told: dict[str, Any], since: float) -> None:
        self.version = version
        self._job: dict[str, Any] = told["job"]
        self._apart: dict[str, dict[str, Any]] = told.get("apart", {})
        self._course: tuple[float, float] | None = told.get("course")
        self._since = since
        self._views: dict[bytes, View] = {}
        self._moved = -1

    @classmethod
    def of(cls, state: State, since: float) -> Self:
        """Return the job of a state in Redis."""
        return cls(state.version, json.loads(state.body), since)

    @property
    def moves(self) -> bool:
        """Return whether the clock moves what is told."""
        return self._course is not None

    def move(self, now: float) -> bool:
        """Let the clock move on. Return whether that has changed anything."""
        if self._course is None:
            return False
        gone, whole = self._course[0] + now - self._since, self._course[1]
        progress = progress_after(self._job["progress"], gone=gone, whole=whole)
        moved = progress * 100_000 + seconds_until(whole - gone)
        if moved == self._moved:
            return False
        self._moved = moved
        self._views.clear()
        return True

    def view(self, viewer: bytes, now: float) -> View:
        """Return what a viewer is told."""
        if self._moved < 0:
            self.move(now)
        key = viewer if self._apart and viewer.hex() in self._apart else b""
        if (view := self._views.get(key)) is None:
            seen = self._apart[viewer.hex()] if key else self._job
            view = self._views[key] = View(self.version, self._now(seen, now))
        return view

    def _now(self, seen: dict[str, Any], now: float) -> dict[str, Any]:
        if self._course is None or seen["status"] != PROCESSING:
            return seen
        gone, whole = self._course[0] + now - self._since, self._course[1]
        moved = {
            "progress": progress_after(seen["progress"], gone=gone, whole=whole),
            "estimatedWaitTime": seconds_until(whole - gone),
        }
        return seen | moved
