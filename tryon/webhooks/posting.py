"""One POST to an address that a shop names: to the public net, soon, and with little of the answer.

requests-hardened looks the name up once, refuses private addresses, connects to the one that it has looked
up, and follows no redirect. Hosts of WEBHOOK_HOSTS are reached as they are. No proxy is used. The time limit
is for everything together: a server may send its head byte by byte, and each byte would begin a limit of
requests again.
"""

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Final, override

from django.conf import settings
from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, InvalidURL, ReadTimeout, SSLError
from requests_hardened.client import HTTPSession
from requests_hardened.config import Config
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.exceptions import HTTPError

from config.core.outgoing.guard import DEFAULT_PORTS, is_public
from tryon.webhooks.models import ANSWER_BYTES

SECONDS = 15.0
CONNECT_SECONDS: Final = 5.0
# A connection that is being opened at the deadline, or agrees on its TLS, can't be cut yet.
CUT_AGAIN_SECONDS: Final = 0.2

_CONFIG: Final = Config(
    ip_filter_enable=True,
    ip_filter_allow_loopback_ips=False,
    never_redirect=True,
    default_timeout=(CONNECT_SECONDS, SECONDS),
    user_agent_override="tryon-studio",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one attempt, or the problem without one. ``wish`` is the answer's Retry-After."""

    status: int | None = None
    answer: str = ""
    problem: str = ""
    milliseconds: int = 0
    wish: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Deadline:
    """The connections of one attempt, which it cuts when its time is over."""

    def __init__(self) -> None:
        self._ends = time.monotonic() + SECONDS
        self._connections: list[Any] = []
        self._is_left = Event()

    def __enter__(self) -> "Deadline":
        Thread(target=self._guard, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_left.set()

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends

    def watch(self, pool: Any) -> Any:
        """Return a pool of connections that are cut at the deadline."""
        kind = pool.ConnectionCls

        def opened(*args: Any, **kwargs: Any) -> Any:
            if self.is_over:  # the lookup of the name took so long
                raise ReadTimeout
            connection = kind(*args, **kwargs)
            self._connections.append(connection)
            return connection

        pool.ConnectionCls = opened
        return pool

    def _guard(self) -> None:
        pause = SECONDS
        while not self._is_left.wait(pause):
            self._cut()
            pause = CUT_AGAIN_SECONDS

    def _cut(self) -> None:
        for connection in self._connections:
            if (sock := connection.sock) is not None:
                with suppress(OSError):  # it is closed already
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # TLS's own would wait for the reader


class _Watched(HTTPAdapter):
    deadline: Deadline

    @override
    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        return self.deadline.watch(super().get_connection_with_tls_context(*args, **kwargs))


class _WatchedPublic(_Watched, IPFilterAdapter):
    """The same for hosts of the public net."""

    @override
    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse also the reserved nets of IPv6, which requests-hardened lets pass."""
        place, facts = super().build_connection_pool_key_attributes(*args, **kwargs)
        if not is_public(place["host"].strip("[]")):
            raise InvalidIPAddress
        return place, facts


class _Session(HTTPSession):
    @override
    def get_redirect_target(self, resp: Response) -> None:
        """Know of no redirect: requests would read and unpack all of its body, also where it follows none."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send a body of JSON and return what came of it. May take ``SECONDS``, and the lookup of a name."""
    begun = time.monotonic()

    def outcome(**facts: Any) -> Outcome:
        return Outcome(milliseconds=round((time.monotonic() - begun) * 1000), **facts)

    with Deadline() as deadline, _session(deadline) as session:
        try:
            answer = session.post(url, data=body, headers=_all(headers), stream=True)
            with answer:
                text = _beginning_of(answer)
                wish = answer.headers.get("Retry-After")
                return outcome(status=answer.status_code, answer=text, wish=wish)
        except (RequestException, HTTPError, OSError, ValueError) as error:
            return outcome(problem="timeout" if deadline.is_over else problem_of(error))


def problem_of(error: Exception) -> str:
    """Return a word for an attempt without an answer."""
    match error:
        case InvalidIPAddress():
            return "private_address"
        case ConnectTimeout() | ReadTimeout():
            return "timeout"
        case SSLError():
            return "tls"
        case InvalidURL() | UnicodeError():
            return "address"
        case _:
            return "connection"


def _session(deadline: Deadline) -> Session:
    session = _Session(_CONFIG)
    session.trust_env = False
    session.mount("https://", _watching(_WatchedPublic(is_https_proto=True), deadline))
    session.mount("http://", _watching(_WatchedPublic(is_https_proto=False), deadline))
    for place in settings.WEBHOOK_HOSTS:
        for scheme, port in DEFAULT_PORTS.items():
            session.mount(f"{scheme}://{place}/", _watching(_Watched(), deadline))
            if place.endswith(f":{port}"):
                host = place.removesuffix(f":{port}")
                session.mount(f"{scheme}://{host}/", _watching(_Watched(), deadline))
    return session


def _watching(adapter: _Watched, deadline: Deadline) -> _Watched:
    adapter.deadline = deadline
    return adapter


def _all(headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": "application/json", "Accept-Encoding": "identity", **headers}


def _beginning_of(answer: Response) -> str:
    """Return the first 2 kB of an answer as text, empty for what breaks off. The status has come before."""
    content = bytearray()
    try:
        # Not ``read``: of a chunk whose size is -1 it reads without an end.
        while piece := answer.raw.read1(ANSWER_BYTES, decode_content=False):
            content += piece
            if len(content) >= ANSWER_BYTES:
                break
    except (HTTPError, OSError, ValueError):
        return ""
    return (
        content[:ANSWER_BYTES].decode(errors="replace").replace("\x00", "")
    )  # a database holds no such sign
