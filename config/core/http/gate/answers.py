"""Run a WSGI application in a thread, and send its whole answer from the event loop.

The thread is free before the first byte is sent, so a slow reader holds no thread. Only an answer that says
so (``is_long``) is made while it is sent, piece by piece: a slow reader of it holds a place, and no thread.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, cast
from wsgiref.types import WSGIApplication
from wsgiref.util import FileWrapper

type Header = tuple[bytes, bytes]
type Scope = dict[str, Any]
type Send = Callable[[dict[str, Any]], Any]

MEMORY_BYTES: Final = 1 << 20
CHUNK_BYTES: Final = 1 << 16
# A reader that takes no chunk for this long is gone.
READER_SECONDS: Final = 30.0
FILE_BY_PATH: Final = "http.response.pathsend"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. A file is given by its path, or open and ours to close; a long one is still to be made."""

    status: int
    headers: list[Header]
    body: "bytes | Path | IO[bytes] | Long"


class Long:
    """The pieces of an answer that are made while it is sent. ``close`` it, whatever happens."""

    def __init__(self, response: Any) -> None:
        self._pieces = iter(response)
        self.close: Callable[[], None] = response.close

    def next_piece(self) -> bytes:
        """Return the next piece, empty at the end. May be slow: it runs in a thread."""
        return next((piece for piece in self._pieces if piece), b"")


class SentFile(FileWrapper):
    """The file of an answer that is one file (``wsgi.file_wrapper``)."""


def answer_of(application: WSGIApplication, environ: dict[str, Any]) -> Answer:
    """Run the application to its end and return its answer. May be slow: it runs in a thread."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        begun.append((status, headers))

    result = application({**environ, "wsgi.file_wrapper": SentFile}, start_response)
    body: bytes | Path | IO[bytes] | Long
    if getattr(result, "is_long", False):
        body = Long(result)
    else:
        try:
            body = _body_of(result)
        finally:
            if close := getattr(result, "close", None):
                close()
    status, headers = begun[-1]
    return Answer(
        int(status.partition(" ")[0]),
        [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        body,
    )


def _body_of(result: Iterable[bytes]) -> bytes | Path | IO[bytes]:
    if isinstance(result, SentFile):
        file = result.filelike
        if isinstance(file, BufferedReader) and file.tell() == 0:
            return Path(cast(str, file.name))
    elif not getattr(result, "streaming", True):
        return b"".join(result)
    spool = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  (``send_answer`` closes it)
    try:
        for chunk in result:
            spool.write(chunk)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    return cast(IO[bytes], spool)


async def send_long(
    answer: Answer, make: Callable[[Callable[[], bytes]], Awaitable[bytes]], send: Send
) -> None:
    """Send an answer while ``make`` makes it in a thread. Leave a reader that reads no more."""
    body = cast(Long, answer.body)
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    while piece := await make(body.next_piece):
        async with asyncio.timeout(READER_SECONDS):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def send_answer(answer: Answer, scope: Scope, send: Send) -> None:
    """Send the answer. A reader that stops reading is left."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    match answer.body:
        case bytes():
            await send({"type": "http.response.body", "body": answer.body})
        case Path() if FILE_BY_PATH in scope.get("extensions", {}):
            await send({"type": FILE_BY_PATH, "path": str(answer.body)})
        case Path():
            with answer.body.open("rb") as file:
                await _send_file(file, send)
        case Long():
            raise ValueError("A long answer has a way of its own.")
        case file:
            with file:
                await _send_file(file, send)


async def _send_file(file: IO[bytes], send: Send) -> None:
    while chunk := file.read(CHUNK_BYTES):
        async with asyncio.timeout(READER_SECONDS):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
