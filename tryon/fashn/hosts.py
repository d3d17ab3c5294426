"""The allow-list of hosts for result pictures, and the check that a public name is a public address."""

import re
import socket
from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, override

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from tryon.fashn.errors import ResultHostRefused

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_ENTRY: Final = re.compile(
    r"\*(?:\.[\w-]+)+|(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE
)


# Machines without IPv4 reach it through these addresses. Their last four bytes are an IPv4 address.
_NAT64: Final = ip_network("64:ff9b::/96")
# The only part of IPv6 for hosts.
_IPV6_UNICAST: Final = ip_network("2000::/3")
# Ranges that Python counts as global: protocol assignments, relays to IPv6, identifiers, documentation.
_NOT_PUBLIC: Final = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001:20::/28", "2001:30::/28", "3fff::/20"))
)


class HostMatch(Enum):
    """The kind of an address's match with the allow-list."""

    EXACT = "exact"  # host and port from the operator, who may allow http and private addresses
    WILDCARD = "wildcard"  # any name under a domain: https on port 443 and public addresses only


def match_host(url: str, allowed_hosts: Sequence[str], *, plain_http: bool = True) -> HostMatch:
    """Return the way in which ``url`` is allowed.

    Entries are ``*.domain`` or ``host:port`` (IPv6 as ``[::1]:8000``); ``host`` alone means the
    default port of the scheme. Without ``plain_http`` no http address is allowed, whatever the entries say.
    Raise ResultHostRefused, and ValueError for an entry of any other form.
    """
    rules = [_checked_entry(entry) for entry in allowed_hosts]
    address = _parse(url)
    scheme, host = address.scheme or "", address.host or ""
    if scheme == "http" and not plain_http:
        raise ResultHostRefused(cause="plain http")
    default_port = _DEFAULT_PORTS[scheme]
    port = address.port or default_port
    if f"{host}:{port}" in rules or (port == default_port and host in rules):
        return HostMatch.EXACT
    domains = tuple(rule.removeprefix("*") for rule in rules if rule.startswith("*."))
    if (scheme, port) == ("https", 443) and host.endswith(domains):
        return HostMatch.WILDCARD
    raise ResultHostRefused(cause="not allowed")


def _checked_entry(entry: str) -> str:
    if not _ENTRY.fullmatch(entry):
        raise ValueError(f"An allowed host must look like *.fashn.ai or 127.0.0.1:8000, not {entry!r}.")
    return entry.lower()


def _parse(url: str) -> Url:
    # Use urllib3's parser, because urllib3 opens the connection. Two parsers that read an odd URL differently
    # let an attacker bypass the allow-list.
    try:
        address = parse_url(url)
    except LocationParseError:
        raise ResultHostRefused(cause="malformed") from None
    if address.scheme not in _DEFAULT_PORTS or not address.host or address.auth is not None:
        raise ResultHostRefused(cause="malformed")
    return address


def is_public(address: str) -> bool:
    """Return whether an IP address (text, IPv4 or IPv6) belongs to the public net.

    It is not private, loopback, link-local or multicast, nor in a range that leads to such an address.
    """
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped or ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFF_FFFF)
        elif ip not in _IPV6_UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_PUBLIC)


class _PublicConnection(HTTPSConnection):
    """A connection that refuses a peer outside the public net.

    It checks the address of the open socket before the TLS handshake. A second DNS answer between lookup and
    connection can't lead elsewhere (DNS rebinding).

    The adapter of requests-hardened looks up the name itself and pins the first answer. If the first address
    is dead (IPv6 that leads nowhere), the download then fails. A proxy would get an address instead of a
    name, and NAT64 would be refused.
    """

    @override
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        if not is_public(sock.getpeername()[0]):
            sock.close()
            raise ResultHostRefused(cause="private address")
        return sock


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class PublicAdapter(HTTPAdapter):
    """An adapter that sends https requests to public addresses only, unless a proxy makes the connection."""

    @override
    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: object
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}
