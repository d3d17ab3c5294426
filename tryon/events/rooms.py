"""Rooms: a job with those who listen to it. A listener's mailbox has one slot, and the newest state wins."""

import asyncio

from config.core.tickets import Ticket
from tryon.events.states import Job

# A listener of one ticket's owner opens some tabs, not hundreds.
MOST_OF_A_VIEWER = 32


class Listener:
    """One stream. Its slot says only that there is something new: what is new, the room has."""

    __slots__ = ("_is_due", "_turn", "is_gone", "ticket")

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.is_gone = False
        self._is_due = False
        self._turn: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Put something new into the slot."""
        self._is_due = True
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)

    @property
    def viewer(self) -> bytes:
        """Return the viewer of the ticket."""
        return self.ticket.viewer

    def leave(self) -> None:
        """Note that the client has gone, or is let in no more."""
        self.is_gone = True
        self.wake()

    async def wait(self, seconds: float) -> bool:
        """Wait until there is something new, at most for so long. Return whether there is."""
        if not self._is_due:
            loop = asyncio.get_running_loop()
            self._turn = turn = loop.create_future()
            timer = loop.call_later(seconds, _end, turn)
            try:
                await turn
            finally:
                timer.cancel()
                self._turn = None
        found, self._is_due = self._is_due, False
        return found


def _end(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)


class Room:
    """A job, as far as it is known: ``job`` is None where Redis has no state of it.

    ``is_ready`` is set as soon as the first look at Redis is done. ``heard`` counts the messages about it.
    ``used_at`` is the loop's time.
    """

    __slots__ = ("heard", "is_ready", "job", "listeners", "name", "used_at")

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.job: Job | None = None
        self.is_ready = asyncio.Event()
        self.listeners: set[Listener] = set()
        self.used_at = now
        self.heard = 0

    def take(self, job: Job | None) -> None:
        """Take the newest state and tell everybody. An older one than is known does not count."""
        if job is not None and self.job is not None and job.version < self.job.version:
            return
        self.job = job
        self.wake()

    def wake(self) -> None:
        """Wake all listeners."""
        for listener in self.listeners:
            listener.wake()

    def is_full_for(self, viewer: bytes) -> bool:
        """Return whether a viewer has as many listeners here as one may have."""
        if len(self.listeners) < MOST_OF_A_VIEWER:
            return False
        return sum(listener.viewer == viewer for listener in self.listeners) >= MOST_OF_A_VIEWER
