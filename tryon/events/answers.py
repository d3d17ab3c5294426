"""The answers of the live door: their headers, and how they are sent."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from tryon.events.refusals import Refusal
from tryon.events.states import View

type Scope = dict[str, Any]
type Header = tuple[bytes, bytes]
type Send = Callable[[dict[str, Any]], Awaitable[None]]
type Receive = Callable[[], Awaitable[dict[str, Any]]]

JSON: Final = (b"content-type", b"application/json")
NOT_KEPT: Final = (b"cache-control", b"no-store")
PLAIN: Final = (b"x-content-type-options", b"nosniff")
STREAM: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    PLAIN,
    (b"x-accel-buffering", b"no"),  # nginx passes each event on at once
)
STATE: Final[tuple[Header, ...]] = (JSON, PLAIN, (b"cache-control", b"private, no-cache"))
VARY: Final = (b"vary", b"Accept, Origin")
EXPOSED: Final = (b"access-control-expose-headers", b"ETag, Retry-After")
PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"GET"),
    (b"access-control-allow-headers", b"accept, if-none-match, last-event-id"),
    (b"access-control-max-age", b"600"),
)


def shared_with(origin: bytes) -> list[Header]:
    """Return the headers that let a page of an origin read the answer: none for a caller without one."""
    return [VARY, (b"access-control-allow-origin", origin), EXPOSED] if origin else [VARY]


async def answer(send: Send, status: int, headers: list[Header], body: bytes = b"") -> None:
    """Send a whole answer."""
    if body or status not in (204, 304):
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer_state(send: Send, view: View, known: bytes, origin: bytes) -> None:
    """Send a state, or 304 to a caller who has it."""
    headers = [*STATE, (b"etag", view.tag), *shared_with(origin)]
    if pause := view.pause:
        headers.append((b"retry-after", b"%d" % pause))
    if known and view.tag in (one.strip().removeprefix(b"W/") for one in known.split(b",")):
        await answer(send, 304, headers[1:])
    else:
        await answer(send, 200, headers, view.body)


async def refuse(send: Send, refusal: Refusal, *, language: str, origin: bytes) -> None:
    """Send a refusal. Without an origin no page can read it."""
    headers = [JSON, PLAIN, NOT_KEPT, *shared_with(origin), (b"content-language", language.encode())]
    if refusal.wait:
        headers.append((b"retry-after", b"%d" % refusal.wait))
    await answer(send, refusal.status, headers, refusal.body(language))
