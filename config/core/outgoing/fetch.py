"""The file at an address that a caller names, fetched within the request: guarded, small and soon.

The request waits for ``SECONDS`` at most, for everything together. Another thread does the work, because
nothing bounds the lookup of a name, and a server may send a head byte by byte. At the deadline its connection
is cut. No proxy is used: it would look up names itself, and reach what the guard refuses.
"""

import http.client
import socket
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any, ClassVar, Final

import structlog
from django.utils.translation import gettext_lazy as _
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url

from config.core.errors import DomainError
from config.core.images import ImageTooLarge
from config.core.outgoing.guard import (
    DEFAULT_PORTS,
    AddressRefused,
    PublicHTTPConnection,
    PublicHTTPSConnection,
    web_address,
)

SECONDS = 10.0
# More than the requests that may wait at once (``FETCH_THREADS``): the lookup of a name may go on after one.
THREADS: Final = 8
MOST_CHARACTERS: Final = 2000
CHUNK_BYTES: Final = 1 << 16
# Of a length that a server tells. Python reads no number of thousands of them.
MOST_DIGITS: Final = 18
HEADERS: Final = {"User-Agent": "tryon-studio", "Accept": "image/*", "Accept-Encoding": "identity"}

logger = structlog.stdlib.get_logger(__name__)
_threads: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="fetch")


class FileUrlNotAllowed(DomainError):
    code: ClassVar[str] = "file_url_not_allowed"
    status: ClassVar[int] = 422
    message: Any = _(
        "This address can't be used. Send an http or https address of the public internet, on the usual port "
        "and without a login."
    )


class FileUrlRedirects(DomainError):
    """``details``: ``status``."""

    code: ClassVar[str] = "file_url_redirects"
    status: ClassVar[int] = 422
    message: Any = _("This address leads to another one. Send the address at the end.")


class FileUrlUnreachable(DomainError):
    """``details``: ``status``, where there was an answer."""

    code: ClassVar[str] = "file_url_unreachable"
    status: ClassVar[int] = 422
    retryable: ClassVar[bool] = True
    message: Any = _("The photo can't be fetched from this address. Open it in a browser to check it.")


class FileUrlTooSlow(DomainError):
    code: ClassVar[str] = "file_url_too_slow"
    status: ClassVar[int] = 422
    retryable: ClassVar[bool] = True
    message: Any = _("The photo did not come in 10 seconds. Try again, or send the file itself.")


def fetch(address: str, *, max_bytes: int, inside: Collection[str] = ()) -> bytes:
    """Return the bytes at an address. May take ``SECONDS``.

    ``inside`` has the ``host:port`` of servers in a private network that the operator allows. Raise one of
    the errors above, or ImageTooLarge.
    """
    deadline = time.monotonic() + SECONDS
    try:
        download = Download(address, inside, deadline)
    except AddressRefused as error:
        raise FileUrlNotAllowed from error
    work = _threads.submit(download.read, max_bytes)
    try:
        return work.result(SECONDS)
    except AddressRefused as error:
        raise FileUrlNotAllowed from error
    except (OSError, HTTPError, http.client.HTTPException) as error:
        if time.monotonic() < deadline:
            logger.info("file_not_fetched", cause=type(error).__name__)
            raise FileUrlUnreachable from error
        raise FileUrlTooSlow from error
    finally:
        work.cancel()
        download.cut()


class Download:
    """One request over one connection. ``read`` and ``cut`` belong to different threads."""

    def __init__(self, address: str, inside: Collection[str], deadline: float) -> None:
        """Raise AddressRefused."""
        url = checked(address)
        self._path: Final = url.request_uri
        self._connection: Final = connection_to(url, inside)
        self._deadline: Final = deadline

    def read(self, max_bytes: int) -> bytes:
        """Return the body. Raise AddressRefused, OSError, and what urllib3 and http.client raise."""
        connection = self._connection
        try:
            connection.timeout = self._seconds_left()
            connection.connect()
            self._seconds_left()  # there are none if ``cut`` came before this socket
            connection.request("GET", self._path, headers=HEADERS, preload_content=False)
            with closing(connection.getresponse()) as answer:  # one without a length has the socket
                check_head(answer, max_bytes)
                return self._body(answer, max_bytes)
        finally:
            connection.close()

    def cut(self) -> None:
        """End the connection, so that the thread which reads from it is free."""
        if (sock := self._connection.sock) is not None:
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS's own would pull the rug from a reader

    def _body(self, answer: BaseHTTPResponse, max_bytes: int) -> bytes:
        body = bytearray()
        while chunk := answer.read1(CHUNK_BYTES, decode_content=False):
            body += chunk
            if len(body) > max_bytes:
                raise ImageTooLarge(details={"limit": max_bytes})
            self._seconds_left()
        return bytes(body)

    def _seconds_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def checked(address: str) -> Url:
    """Return the parts of an address that may be fetched from. Raise AddressRefused."""
    if len(address) > MOST_CHARACTERS:
        raise AddressRefused("too long")
    return web_address(address)


def connection_to(url: Url, inside: Collection[str]) -> HTTPConnection:
    """Return the connection, not open yet. Raise AddressRefused for a port that is not the usual one."""
    scheme, host = str(url.scheme), str(url.host).strip("[]")
    port = url.port or DEFAULT_PORTS[scheme]
    if f"{url.host}:{port}" in inside:
        is_plain, kinds = scheme == "http", (HTTPConnection, HTTPSConnection)
    elif port == DEFAULT_PORTS[scheme]:
        is_plain, kinds = scheme == "http", (PublicHTTPConnection, PublicHTTPSConnection)
    else:
        raise AddressRefused("port")
    return kinds[0](host, port) if is_plain else kinds[1](host, port, ca_certs=DEFAULT_CA_BUNDLE_PATH)


def check_head(answer: BaseHTTPResponse, max_bytes: int) -> None:
    """Raise FileUrlRedirects, FileUrlUnreachable, and ImageTooLarge by what the head says."""
    if 300 <= answer.status < 400:
        raise FileUrlRedirects(details={"status": answer.status})
    if answer.status != 200:
        raise FileUrlUnreachable(details={"status": answer.status})
    length = answer.headers.get("Content-Length", "")
    length = length[:MOST_DIGITS] if length.isdecimal() else "0"
    if int(length) > max_bytes:
        raise ImageTooLarge(details={"limit": max_bytes, "actual": int(length)})
