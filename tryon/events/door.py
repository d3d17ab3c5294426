"""The live door as an ASGI application: ``GET /events/jobs/{id}?ticket=…``, as a stream or as JSON."""

import asyncio
import re
import signal
import time
from typing import Final
from urllib.parse import parse_qs
from uuid import UUID

from config.core import tickets
from config.core.tickets import Ticket
from tryon.events import refusals
from tryon.events.answers import (
    JSON,
    NOT_KEPT,
    PREFLIGHT,
    STREAM,
    Receive,
    Scope,
    Send,
    answer,
    answer_state,
    refuse,
    shared_with,
)
from tryon.events.hub import Hub
from tryon.events.refusals import Refusal
from tryon.events.rooms import Listener, Room
from tryon.events.streams import stream, watch

# A proxy may pass a path on with that of the product before it.
PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/events/jobs/([0-9a-f-]{36})")
HEALTH: Final = ("/healthz", "/readyz")
# The share of connections that streams may have. The others are for questions.
SHARE_OF_STREAMS: Final = 0.95


class Door:
    """The application. ``connections`` is the most that the server takes at once."""

    def __init__(self, hub: Hub, *, secret: str, connections: int) -> None:
        self._hub = hub
        self._secret = secret
        self._most_streams = int(connections * SHARE_OF_STREAMS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if scope["path"] in HEALTH:
            is_well = scope["path"] == HEALTH[0] or not self._hub.is_away
            body = b'{"status": "ok"}' if is_well else b'{"status": "redis away"}'
            await answer(send, 200 if is_well else 503, [JSON, NOT_KEPT], body)
            return
        origin = b""
        try:
            ticket = self._ticket(scope)
            origin = _page(headers, ticket)
            await self._open(scope, headers, ticket, origin, receive, send)
        except Refusal as refusal:
            if isinstance(refusal, refusals.TicketExpired | refusals.TicketInvalid | refusals.NotFound):
                origin = headers.get(b"origin", b"")  # it tells nothing of a shop
            language = refusals.language_of(headers.get(b"accept-language", b"").decode("latin-1"))
            await refuse(send, refusal, language=language, origin=origin)

    def _ticket(self, scope: Scope) -> Ticket:
        """Return the ticket of a request, if it opens the request's address. Raise Refusal."""
        match = PATH.fullmatch(scope["path"])
        if match is None:
            raise refusals.NotFound
        text = scope["query_string"]
        text = text[7:] if text.startswith(b"ticket=") and b"&" not in text else _ticket_among(text)
        try:
            ticket = Ticket.read(text.decode("ascii"), self._secret)
            is_for_it = ticket.subject == UUID(match[1])
        except ValueError:
            raise refusals.TicketInvalid from None
        if not is_for_it:
            raise refusals.TicketInvalid
        if ticket.until <= time.time():
            raise refusals.TicketExpired
        return ticket

    async def _open(
        self,
        scope: Scope,
        headers: dict[bytes, bytes],
        ticket: Ticket,
        origin: bytes,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer a request with a good ticket. Raise Refusal."""
        if scope["method"] == "OPTIONS":
            await answer(send, 204, [*PREFLIGHT, *shared_with(origin)])
            return
        if scope["method"] != "GET":
            raise refusals.MethodNotAllowed
        hub, room = self._hub, self._hub.room(str(ticket.subject))
        if not room.is_ready.is_set():
            await hub.ready(room)
        if hub.has_ended(ticket):
            raise refusals.TicketExpired
        if b"text/event-stream" in headers.get(b"accept", b""):
            known = headers.get(b"last-event-id", b"").decode("latin-1")
            await self._stream(room, ticket, known, origin, receive, send)
        elif hub.is_away or room.job is None:
            raise refusals.StateUnknown
        else:
            view = room.job.view(ticket.viewer, asyncio.get_running_loop().time())
            await answer_state(send, view, headers.get(b"if-none-match", b""), origin)

    async def _stream(
        self, room: Room, ticket: Ticket, known: str, origin: bytes, receive: Receive, send: Send
    ) -> None:
        """Send a stream, and nothing to a client that has heard of the job's end. Raise Refusal."""
        hub = self._hub
        if hub.listeners >= self._most_streams or hub.is_ending:
            raise refusals.DoorFull
        if room.is_full_for(ticket.viewer):
            raise refusals.TooManyListeners
        if known and room.job is not None:
            view = room.job.view(ticket.viewer, asyncio.get_running_loop().time())
            if view.is_over and view.id == known:
                await answer(send, 204, shared_with(origin))  # a browser comes no more
                return
        listener = Listener(ticket)
        hub.enter(room, listener)
        watching = asyncio.create_task(watch(receive, listener))
        try:
            head = [*STREAM, *shared_with(origin)]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await stream(hub, room, listener, send, known)
            await send({"type": "http.response.body", "body": b""})
        finally:
            hub.leave(room, listener)
            watching.cancel()

    async def _live(self, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                # The server's own handlers, which the loop calls, work beside this one: streams end before
                # the server waits for them.
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._hub.end))
                self._hub.start()
            else:
                self._hub.end()
                await self._hub.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def _ticket_among(query: bytes) -> bytes:
    found = parse_qs(query.decode("latin-1")).get("ticket", [""])
    return found[0].encode("latin-1", "replace")


def _page(headers: dict[bytes, bytes], ticket: Ticket) -> bytes:
    """Return the origin of the page that asks, empty for a program. Raise OriginNotAllowed."""
    origin = headers.get(b"origin", b"")
    if origin and tickets.origin_of(origin.decode("latin-1")) not in ticket.origins:
        raise refusals.OriginNotAllowed
    return origin
