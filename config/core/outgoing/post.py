"""A POST to an address that the operator names: to public hosts, or to those of a list.

It waits for ``SECONDS`` at most, for everything together. Call it from a worker, never in a request.
"""

import http.client
import socket
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from config.core.outgoing.fetch import checked, connection_to

SECONDS: Final = 15.0
HEADERS: Final = {
    "User-Agent": "tryon-studio",
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
}


def post_json(address: str, body: bytes, *, inside: Collection[str] = ()) -> int:
    """Send a body of JSON and return the status of the answer. Redirects are not followed.

    ``inside`` has the ``host:port`` of servers in a private network that may be reached. Raise
    AddressRefused, OSError, and what urllib3 and http.client raise.
    """
    url = checked(address)
    connection = connection_to(url, inside)
    deadline = time.monotonic() + SECONDS

    def cut() -> None:
        if (sock := connection.sock) is not None:
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    # A server may send its head byte by byte, and each byte would begin the time limit again.
    timer = threading.Timer(SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        connection.timeout = SECONDS
        connection.request("POST", url.request_uri, body=body, headers=HEADERS, preload_content=False)
        status: int = connection.getresponse().status
    except http.client.HTTPException as error:
        if time.monotonic() >= deadline:
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        connection.close()
    return status
