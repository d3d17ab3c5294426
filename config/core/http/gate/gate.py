"""The gate: an ASGI application that takes a request whole, gives it a place, and runs Django in a thread.

Django is served as WSGI, because its persistent database connections leak under ASGI. But a WSGI server
gives a thread to each request before its body has come and until its answer has gone, so a few slow clients
hold every thread. Here the event loop waits for clients, and the threads work.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import Any, Final
from wsgiref.types import WSGIApplication

import structlog
from django.core.handlers.wsgi import WSGIRequest
from django.urls import set_script_prefix
from django.utils import translation

from config.core.errors import DomainError
from config.core.http.gate.answers import Answer, Long, Scope, Send, answer_of, send_answer, send_long
from config.core.http.gate.bodies import (
    Body,
    BodyLimits,
    ClientGone,
    Receive,
    check_length,
    declared_length,
    no_body,
    read_body,
    throw_away,
)
from config.core.http.gate.callers import address_in, caller_of
from config.core.http.gate.environ import environ_of, joined, path_below
from config.core.http.gate.places import Places
from config.core.http.gate.refusals import BodyTooLarge, RequestFailed, refusal
from config.core.http.gate.rooms import Rooms, is_form_with_files
from config.core.http.gate.types import check_type

logger = structlog.stdlib.get_logger(__name__)

HEALTHY: Final = Answer(
    200, [(b"content-type", b"application/json"), (b"content-length", b"16")], b'{"status": "ok"}'
)
type RefusalBefore = Callable[[str, str, Mapping[bytes, bytes], str], DomainError | None]
type AnswerBefore = Callable[[dict[str, Any], str], Awaitable[Answer | None]]

LANGUAGE_HEADERS: Final = (b"accept-language", b"cookie")


async def _no_answer(_environ: dict[str, Any], _caller: str) -> None:
    return None


class Gate:
    """The application that the server runs."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        rooms: Rooms,
        bodies: Places,
        files: BodyLimits,
        texts: BodyLimits,
        health_path: str,
        prefix: str = "",
        refusal_before: RefusalBefore = lambda *_request: None,
        answer_before: AnswerBefore = _no_answer,
    ) -> None:
        """``bodies`` are the places of bodies on their way, ``files`` and ``texts`` the limits of each.

        ``refusal_before`` tells of a request that needs no look at its body: by its method, its path, its
        headers and the client's address.
        ``answer_before`` answers a request without a body in the event loop, by its environment and the
        caller's name, or returns None.
        ``prefix`` is the path below which the service lies for its callers, such as ``/tryon``.
        """
        self._application = application
        self._rooms = rooms
        self._bodies = bodies
        self._files = files
        self._texts = texts
        self._health_path = health_path
        self._prefix = prefix
        self._refusal_before = refusal_before
        self._answer_before = answer_before

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            path = path_below(self._prefix, scope["path"])
            await self._answer({**scope, "path": path}, receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == self._health_path and scope["method"] in ("GET", "HEAD"):
            # Without Django, so that it says that the process runs whatever the rest has to do.
            await send_answer(HEALTHY, scope, send)
            return
        try:
            answer = await self._answer_of(scope, receive)
        except DomainError as error:
            answer = self._refused(error, scope)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001  (past Django's own handling: a server would say nothing)
            answer = self._refused(RequestFailed(), scope, error)
        try:
            if isinstance(answer.body, Long):
                await self._send_long(answer, answer.body, scope, send)
            else:
                await send_answer(answer, scope, send)
        except TimeoutError:
            logger.warning("reader_gone", path=scope["path"])

    async def _send_long(self, answer: Answer, body: Long, scope: Scope, send: Send) -> None:
        """Send an answer while it is made, in the room of downloads. Pages keep their threads."""
        room, caller = self._rooms.downloads, address_in(scope, joined(scope["headers"]))
        try:
            await room.places.enter(caller)
        except DomainError as error:
            await room.in_thread(body.close)
            await send_answer(self._refused(error, scope), scope, send)
            return
        try:
            await send_long(answer, room.in_thread, send)
        finally:
            room.places.leave(caller)
            await asyncio.shield(room.in_thread(body.close))

    def _refused(self, error: DomainError, scope: Scope, cause: Exception | None = None) -> Answer:
        set_script_prefix(f"{self._prefix}/")  # of the links in a page; Django sets it for its own threads
        request_id = uuid.uuid4().hex
        # Without the headers that Django may be unable to read.
        headers = [header for header in scope["headers"] if header[0] in LANGUAGE_HEADERS]
        request = WSGIRequest(environ_of({**scope, "headers": headers}, BytesIO(), None, self._prefix))
        language = translation.get_language_from_request(request)
        with structlog.contextvars.bound_contextvars(request_id=request_id), translation.override(language):
            answer = refusal(error, scope["path"])
            if cause is not None:
                logger.error("request_failed", exc_info=cause)
            logger.info("request_refused", method=scope["method"], code=error.code, status=answer.status)
        answer.headers.append((b"x-request-id", request_id.encode()))
        return answer

    async def _answer_of(self, scope: Scope, receive: Receive) -> Answer:
        headers = joined(scope["headers"])
        check_type(headers)
        address = address_in(scope, headers)
        if error := self._refusal_before(scope["method"], scope["path"], headers, address):
            raise error
        body = await self._body_of(scope, headers, receive, address)
        try:
            environ = environ_of(scope, body.file, body.length, self._prefix)
            caller = caller_of(address, scope, headers)
            if not body.length and (answer := await self._answer_before(environ, caller)):
                return answer
            room = self._rooms.room_of(scope, headers, body.file)
            return await room.run(caller, lambda: answer_of(self._application, environ))
        finally:
            body.file.close()

    async def _body_of(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, address: str
    ) -> Body:
        length = declared_length(scope, headers)
        if length == 0:
            return no_body()
        limits = self._files if is_form_with_files(headers) else self._texts
        try:
            check_length(length, limits)
        except BodyTooLarge:
            await throw_away(receive, length, limits)
            raise
        await self._bodies.enter(address)
        try:
            return await read_body(receive, limits)
        finally:
            self._bodies.leave(address)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message: dict[str, Any] = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
