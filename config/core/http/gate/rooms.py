"""Rooms: threads of its own for each kind of request, so that no kind takes the threads of the others."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from config.core.http.gate.answers import Scope
from config.core.http.gate.places import Places

# Threads of each web process, beside WEB_THREADS for pages.
UPLOAD_THREADS: Final = 2
LOGIN_THREADS: Final = 1
SEARCH_THREADS: Final = 1
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


@dataclass(frozen=True, slots=True)
class Rooms:
    """Pages, and the dear doors: photos to decode, passwords to check, texts to look for."""

    pages: Room
    uploads: Room
    logins: Room
    searches: Room
    login_path: str

    def room_of(self, scope: Scope, headers: dict[bytes, bytes]) -> Room:
        """Return the room of a request, by its kind rather than its address: new doors need no entry here."""
        if scope["method"] == "POST" and scope["path"] == self.login_path:
            return self.logins
        if is_form_with_files(headers):
            return self.uploads
        if SEARCH.search(scope["query_string"]):
            return self.searches
        return self.pages


def is_form_with_files(headers: dict[bytes, bytes]) -> bool:
    """Return whether a request may carry files: the only kind with large bodies."""
    return headers.get(b"content-type", b"").lower().lstrip().startswith(b"multipart/")
