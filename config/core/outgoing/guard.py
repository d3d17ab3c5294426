"""The guard of requests to foreign addresses: they reach the public net only. Plain Python, no Django.

A name is looked up once, and the connection goes to an address of that answer. So no second answer leads
elsewhere (DNS rebinding), and no private address is connected to, not even to see whether a door is open.

The adapter of requests-hardened pins too, but only the first address: if that one is dead (IPv6 that leads
nowhere), the download fails. A proxy would get an address instead of a name, and NAT64 would be refused.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, override

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util import Url, parse_url
from urllib3.util.connection import allowed_gai_family

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# Each one that is dead takes a whole connect timeout.
MOST_TRIED: Final = 4

# Machines without IPv4 reach it through these addresses. Their last four bytes are an IPv4 address.
_NAT64: Final = ip_network("64:ff9b::/96")
# The only part of IPv6 for hosts.
_IPV6_UNICAST: Final = ip_network("2000::/3")
# Ranges that Python counts as global: protocol assignments, relays to IPv6, identifiers, documentation.
_NOT_PUBLIC: Final = tuple(
    map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001:20::/28", "2001:30::/28", "3fff::/20"))
)


class AddressRefused(Exception):
    """An address that is no web address, or leads into a private network. Its text is a short word for it."""


def web_address(text: str) -> Url:
    """Return the parts of an http or https address without a login. Raise AddressRefused.

    This is urllib3's parser, because urllib3 opens the connection. Two parsers that read an odd address
    differently let an attacker pass.
    """
    try:
        address = parse_url(text)
    except LocationParseError:
        raise AddressRefused("malformed") from None
    if address.scheme not in DEFAULT_PORTS or not address.host or address.auth is not None:
        raise AddressRefused("malformed")
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


def public_addresses(host: str, port: int) -> list[str]:
    """Return the first public IP addresses of a host. Raise gaierror, and AddressRefused for none."""
    try:
        places = socket.getaddrinfo(host, port, family=allowed_gai_family(), type=socket.SOCK_STREAM)
    except UnicodeError:  # no name that DNS could have
        raise AddressRefused("malformed") from None
    found = dict.fromkeys(str(place[4][0]) for place in places)
    public = [address for address in found if is_public(address)]
    if not public:
        raise AddressRefused("private address")
    return public[:MOST_TRIED]


class PublicHTTPConnection(HTTPConnection):
    """A connection to a public address. It raises AddressRefused for a host that has none."""

    @override
    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            return self._connected(public_addresses(name, self.port))
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        finally:
            self._dns_host = name  # TLS checks the certificate for it

    def _connected(self, addresses: list[str]) -> socket.socket:
        """Return a connection to the first address that answers. urllib3 connects to ``_dns_host``."""
        for number, address in enumerate(addresses, 1):
            self._dns_host = address
            try:
                return super()._new_conn()
            except (NewConnectionError, ConnectTimeoutError):
                if number == len(addresses):
                    raise
        raise ValueError("Give at least one address.")


class PublicHTTPSConnection(PublicHTTPConnection, HTTPSConnection):
    """The same with TLS."""


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = PublicHTTPSConnection


class PublicAdapter(HTTPAdapter):
    """An adapter that sends https requests to public addresses only, unless a proxy makes the connection."""

    @override
    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: object
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}
