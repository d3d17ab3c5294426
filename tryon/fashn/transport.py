"""HTTP ground shared by the API client and the picture download.

Sessions, capped bodies, naming of faults.
"""

import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Final, override

import requests
import urllib3
from requests.adapters import HTTPAdapter

# Bodies are read below requests, so both libraries' families can surface.
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
        # With allow_redirects=False requests still prepares the next hop, and for that reads the whole
        # body into memory, without cap or deadline.
        return None


def read_body(response: requests.Response, *, max_bytes: int, deadline: float) -> bytes:
    """Return the decoded body of a streamed response.

    ``deadline`` is a ``time.monotonic()`` value. Raises BodyTooLarge above ``max_bytes``,
    ``requests.ReadTimeout`` past the deadline, and urllib3's errors for a body that breaks off.
    """
    body = bytearray()
    # read1() returns what one recv() brought. read() would wait for a full chunk, and a server that
    # drips a byte now and then could hold it far beyond any deadline.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLarge
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the body took too long")
    return bytes(body)


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """What a transport exception says, without its text (which holds addresses and tokens).

    ``connecting`` means that it struck before any byte of the request; ``timed_out`` that a wait ended.
    """

    cause: str
    connecting: bool
    timed_out: bool


def describe(error: Exception) -> TransportFailure:
    """Read one of TRANSPORT_ERRORS.

    requests wraps urllib3's MaxRetryError, whose ``reason`` is the fault proper. NewConnectionError covers
    DNS and refusals; TLS and proxy faults are counted as connecting although TLS can also break mid-answer,
    so where money is at stake look at what was sent, not here.
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
