"""Which addresses a picture may come from: the allow-list, and names that lead into a private network."""

import socket
import threading

import pytest
from pytest_django import Settings

from config.core.outgoing.guard import is_public
from tests.tryon.fashn.calls import FASHN, refused_url
from tests.tryon.fashn.loopback import Loopback, closes
from tests.waiting import LONGEST_SECONDS
from tryon.engine.provider import fetch_result
from tryon.fashn.download import download
from tryon.fashn.errors import ResultHostRefused, ResultUnavailable
from tryon.fashn.hosts import HostMatch, match_host
from tryon.models import Account


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("https://media.fashn.ai/a.png", HostMatch.WILDCARD),
        ("https://cdn.staging.fashn.ai/a.png", HostMatch.WILDCARD),
        ("https://MEDIA.Fashn.AI:443/a.png", HostMatch.WILDCARD),
        ("http://127.0.0.1:8100/a.png", HostMatch.EXACT),
        ("https://127.0.0.1:8100/a.png", HostMatch.EXACT),
        ("http://[::1]:8100/a.png", HostMatch.EXACT),
        ("http://sandbox/a.png", HostMatch.EXACT),
        ("https://sandbox:443/a.png", HostMatch.EXACT),
    ],
)
def test_allowed_addresses(url: str, match: HostMatch) -> None:
    assert match_host(url, [*FASHN, "127.0.0.1:8100", "[::1]:8100", "Sandbox"]) is match


@pytest.mark.parametrize(
    "url",
    [
        "http://media.fashn.ai/a.png",
        "http://media.fashn.ai:443/a.png",
        "https://media.fashn.ai:8443/a.png",
        "https://fashn.ai/a.png",
        "https://evilfashn.ai/a.png",
        "https://media.fashn.ai.evil.test/a.png",
        "https://media.fashn.ai@evil.test/a.png",
        "https://evil.test\\@media.fashn.ai/a.png",
        "https://user:pw@media.fashn.ai/a.png",
        "https://media.fashn.ai./a.png",
        "http://127.0.0.1:8101/a.png",
        "http://127.0.0.1/a.png",
        "http://sandbox:8100/a.png",
        "https://169.254.169.254/latest/meta-data",
        "ftp://media.fashn.ai/a.png",
        "file:///etc/passwd",
        "//media.fashn.ai/a.png",
        "https:///a.png",
        "https://[media.fashn.ai/a.png",
        "media.fashn.ai",
        "",
    ],
)
def test_addresses_outside_the_list_are_refused(url: str) -> None:
    with pytest.raises(ResultHostRefused):
        download(url, allowed_hosts=[*FASHN, "127.0.0.1:8100", "sandbox"])


@pytest.mark.parametrize("entry", ["api.fashn.ai", "api.fashn.ai:80", "api.fashn.ai:443"])
@pytest.mark.parametrize("address", ["http://api.fashn.ai/a.png", "http://api.fashn.ai:443/a.png"])
def test_plain_http_is_refused_where_it_is_not_asked_for(address: str, entry: str) -> None:
    with pytest.raises(ResultHostRefused, match="plain http"):
        match_host(address, [*FASHN, entry], plain_http=False)
    assert match_host("https://api.fashn.ai/a.png", [*FASHN, entry], plain_http=False)


@pytest.mark.parametrize(
    ("api", "allowed"),
    [("https://api.fashn.ai", False), ("https://localhost:9", False), ("http://localhost:9", True)],
)
def test_the_engine_takes_plain_http_from_a_sandbox_alone(
    settings: Settings, api: str, allowed: bool
) -> None:
    settings.FASHN_API_URL = api
    address = f"http://{api.partition('//')[2]}/a.png"
    with pytest.raises(ResultUnavailable if allowed else ResultHostRefused):
        fetch_result(Account.LIVE, address)


@pytest.mark.parametrize(
    "entry", ["*", "*.", "*fashn.ai", "*.fashn.ai:443", "https://a.test", "a.test:x", "u@a.test", ""]
)
def test_unclear_entry_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="allowed host"):
        match_host("https://media.fashn.ai/a.png", [entry])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104  # an address to refuse, nothing binds to it
        ("224.0.0.251", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::93.184.216.34", True),  # NAT64
        ("64:ff9b::10.1.2.3", False),
        ("64:ff9b:1::1", False),
        ("64:ff9b::7f00:1", False),
        ("::10.1.2.3", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("5f00::1", False),
        ("4000::1", False),
        ("2001:20::1", False),
        ("2001:30::1", False),
        ("2002:a01:203::1", False),
        ("3fff::1", False),
        ("192.0.0.9", False),
        ("192.88.99.1", False),
        ("240.0.0.1", False),
    ],
)
def test_public_addresses_are_told_from_private_ones(address: str, public: bool) -> None:
    assert is_public(address) is public


class FakeNet:
    """Stands in for DNS and routing.

    Every name has the addresses of choice. One of them leads to a port of this machine, the others nowhere.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str, open_at: str = "") -> None:
        self.received = bytearray()
        self.tried: list[str] = []
        self.lookups = 0
        self._open_at = open_at
        self._addresses = addresses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LONGEST_SECONDS)
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)
        monkeypatch.setattr("urllib3.util.connection.create_connection", self._connect)

    def _look_up(self, *args: object, **kwargs: object) -> list[tuple[object, ...]]:
        self.lookups += 1
        kinds = {
            address: socket.AF_INET6 if ":" in address else socket.AF_INET for address in self._addresses
        }
        return [(kind, socket.SOCK_STREAM, 6, "", (address, 443)) for address, kind in kinds.items()]

    def _connect(self, place: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        self.tried.append(place[0])
        if place[0] != self._open_at:
            raise ConnectionRefusedError
        self._thread = threading.Thread(target=self._take)
        self._thread.start()
        sock = socket.socket()
        sock.connect(self._listener.getsockname())
        return sock

    def _take(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            self.received += connection.recv(4096)

    def close(self) -> None:
        if self._open_at:
            self._thread.join()
        self._listener.close()


@pytest.mark.parametrize("inside", ["10.0.0.7", "127.0.0.1", "::1", "64:ff9b::10.1.2.3", "169.254.169.254"])
def test_public_name_that_leads_inside_is_refused_and_not_even_connected_to(
    monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    net = FakeNet(monkeypatch, inside)

    error = refused_url("https://media.fashn.ai/a.png")
    net.close()

    assert isinstance(error, ResultHostRefused)
    assert (net.lookups, net.tried) == (1, [])


def test_public_name_that_leads_outside_gets_a_tls_handshake_for_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = FakeNet(monkeypatch, "93.184.216.34", open_at="93.184.216.34")

    error = refused_url("https://media.fashn.ai/a.png")
    net.close()

    assert isinstance(error, ResultUnavailable)
    assert net.received.startswith(b"\x16\x03")  # a TLS handshake record, after which the listener hangs up
    assert b"media.fashn.ai" in net.received
    assert net.lookups == 1


def test_a_second_address_is_tried_when_the_first_does_not_answer_and_no_private_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = FakeNet(
        monkeypatch, "10.0.0.7", "2606:2800:220:1::1", "93.184.216.34", "8.8.8.8", open_at="93.184.216.34"
    )

    assert isinstance(refused_url("https://media.fashn.ai/a.png"), ResultUnavailable)
    net.close()

    assert net.tried == ["2606:2800:220:1::1", "93.184.216.34"]


def test_public_host_is_fetched_through_the_configured_proxy(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    tunnels: list[str] = []

    def connect(handler: object) -> None:
        tunnels.append(getattr(handler, "path", ""))
        closes(handler)  # type: ignore[arg-type]

    monkeypatch.setenv("https_proxy", server.url)
    monkeypatch.setattr("tests.tryon.fashn.loopback.Handler.do_CONNECT", connect, raising=False)

    error = refused_url("https://media.fashn.ai/a.png")

    assert isinstance(error, ResultUnavailable)
    assert tunnels == ["media.fashn.ai:443"]
