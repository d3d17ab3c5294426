"""Rooms: threads of its own for each kind of request, so that no kind takes the threads of the others."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Final

from config.core.http.gate.answers import Scope
from config.core.http.gate.places import Places

# Threads of each web process, beside WEB_THREADS for pages.
UPLOAD_THREADS: Final = 2
FETCH_THREADS: Final = 2
LOGIN_THREADS: Final = 1
SEARCH_THREADS: Final = 1
# Of answers that are made while they are sent.
DOWNLOAD_THREADS: Final = 2
# Of a form without a file: nothing in it is longer than its metadata.
LOOK_BYTES: Final = 1 << 15
# The value may be encoded, with an "&" too. The name has one other form.
SEARCH: Final = re.compile(rb"(?:^|&)(?:q|%71)=[^&]")


class Room:
    """Threads, and the requests that wait for them. A waiting request holds no thread."""

    def __init__(self, name: str, *, threads: int, waiting: int, per_caller: int) -> None:
        self.places = Places(places=threads, waiting=waiting, per_caller=per_caller)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run[T](self, caller: str, work: Callable[[], T]) -> T:
        """Return what the work returns. Raise TooManyAtOnce and ServiceBusy."""
        await self.places.enter(caller)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self.places.leave(caller)

    async def in_thread[T](self, work: Callable[[], T]) -> T:
        """Return what the work returns, for a request that has its place."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


@dataclass(frozen=True, slots=True)
class Rooms:
    """Pages, and the dear doors: photos to decode or to fetch, passwords to check, texts to look for."""

    pages: Room
    uploads: Room
    fetches: Room
    logins: Room
    searches: Room
    downloads: Room
    login_path: str
    upload_path: str

    def room_of(self, scope: Scope, headers: dict[bytes, bytes], body: IO[bytes]) -> Room:
        """Return the room of a request, by its kind rather than its address: new doors need no entry here."""
        if scope["method"] == "POST" and scope["path"] == self.login_path:
            return self.logins
        if scope["method"] == "POST" and scope["path"] == self.upload_path and names_address(headers, body):
            return self.fetches
        if is_form_with_files(headers):
            return self.uploads
        if SEARCH.search(scope["query_string"]):
            return self.searches
        return self.pages


def names_address(headers: dict[bytes, bytes], body: IO[bytes]) -> bool:
    """Return whether an upload has the address of its file in place of the file.

    A form that hides it gets the room of other uploads: a photo takes longer to decode than to fetch.
    """
    if not is_form_with_files(headers):
        return True
    beginning = body.read(LOOK_BYTES)
    body.seek(0)
    return b'name="fileUrl"' in beginning


def is_form_with_files(headers: dict[bytes, bytes]) -> bool:
    """Return whether a request may carry files: the only kind with large bodies."""
    return headers.get(b"content-type", b"").lower().lstrip().startswith(b"multipart/")
