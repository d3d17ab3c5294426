"""HTTP code shared by the API client and the picture download.

It holds sessions, capped bodies and names for failures.
"""

import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Final, override

import requests
import urllib3
from requests.adapters import HTTPAdapter

# Bodies are read below requests, so errors of both libraries can surface.
TRANSPORT_ERRORS: Final = (requests.RequestException, urllib3.exceptions.HTTPError)

_CHUNK_BYTES: Final = 64 * 1024


class BodyTooLarge(Exception):
    """A body went over its byte cap."""


class PlainSession(requests.Session):
    """A session that never retries, never follows a redirect and keeps no cookies."""

    def __init__(self) -> None:
        super().__init__()
        self.mount("https://", HTTPAdapter(max_retries=0))
        self.mount("http://", HTTPAdapter(max_retries=0))
        # A CDN's cookies would be the only state that threads sharing the session could race on.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    @override
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        # Even with allow_redirects=False, requests prepares the next hop and reads the whole body into
        # memory, without a cap or a deadline.
        return None


def read_body(response: requests.Response, *, max_bytes: int, deadline: float) -> bytes:
    """Return the decoded body of a streamed response.

    ``deadline`` is a ``time.monotonic()`` value. Raise BodyTooLarge above ``max_bytes``,
    ``requests.ReadTimeout`` past the deadline, and urllib3's errors for a body that breaks off.
    """
    body = bytearray()
    # read1() returns after one recv(). read() would wait for a full chunk, and a server that drips single
    # bytes could hold it far beyond any deadline.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLarge
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the body took too long")
    return bytes(body)


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """The content of a transport error, without its text, which holds addresses and tokens.

    ``connecting`` means that it came before any byte of the request; ``timed_out`` that a wait ended.
    """

    cause: str
    connecting: bool
    timed_out: bool


def describe(error: Exception) -> TransportFailure:
    """Return the failure that one of TRANSPORT_ERRORS stands for.

    requests wraps urllib3's MaxRetryError, whose ``reason`` is the real error. NewConnectionError covers DNS
    and refused connections. TLS and proxy errors count as connecting, although TLS can also break
    mid-answer. Where money is at stake, look at the sent bytes instead.
    """
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", inner)
    root = reason if isinstance(reason, Exception) else error
    return TransportFailure(
        cause=type(root).__name__,
        connecting=isinstance(
            error, (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
        )
        or isinstance(root, urllib3.exceptions.NewConnectionError),
        timed_out=isinstance(error, requests.Timeout)
        or isinstance(root, urllib3.exceptions.ReadTimeoutError),
    )
