"""One stream: the state first, then each change, a sign of life now and then, and an end."""

import asyncio
import random
from typing import Any, Final

from tryon.events.answers import Receive, Send
from tryon.events.hub import Hub
from tryon.events.rooms import Listener, Room

HEARTBEAT_SECONDS: Final = 15.0
# A browser comes again by itself, and by then its next ticket may be needed.
LIFE_SECONDS: Final = 300.0
# A browser that comes again waits for some seconds, each for another time.
RETRY_SECONDS: Final = (1.0, 5.0)
DEGRADED: Final = b"event: degraded\ndata: {}\n\n"
HEARTBEAT: Final = b":\n\n"


async def stream(hub: Hub, room: Room, listener: Listener, send: Send, known: str) -> None:
    """Tell a listener until the job ends, the client goes or the process stops. ``known`` is its last id."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LIFE_SECONDS * random.uniform(0.9, 1.0)  # noqa: S311  (no secret)
    await send(_piece(_first()))
    is_degraded = False
    while True:
        if hub.is_away or room.job is None:
            if not is_degraded:
                is_degraded = True
                await send(_piece(DEGRADED))
        else:
            view = room.job.view(listener.viewer, loop.time())
            if view.id != known or is_degraded:
                known, is_degraded = view.id, False
                await send(_piece(view.event))
            if view.is_over:
                return
        if hub.is_ending or listener.is_gone:
            return
        left = until - loop.time()
        if left <= 0:
            return
        if not await listener.wait(min(HEARTBEAT_SECONDS, left)):
            await send(_piece(HEARTBEAT))


async def watch(receive: Receive, listener: Listener) -> None:
    """Wait until the client goes."""
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.leave()


def _first() -> bytes:
    return b"retry: %d\n\n" % (1000 * random.uniform(*RETRY_SECONDS))  # noqa: S311  (no secret)


def _piece(content: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": True}
