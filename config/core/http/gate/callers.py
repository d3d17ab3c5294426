"""The caller of a request, as far as it can be told before Django: an address, and an API key beside it."""

import ipaddress

from config.core.http.gate.answers import Scope


def address_of(scope: Scope, headers: dict[bytes, bytes], *, behind_proxy: bool) -> str:
    """Return the address of the client. Behind a proxy it is the last one that the proxy names."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if behind_proxy and (named := headers.get(b"x-forwarded-for")):
        address = named.rpartition(b",")[2].strip().decode("latin-1")
    return _network(address) if ":" in address else address


def caller_of(address: str, scope: Scope, headers: dict[bytes, bytes]) -> str:
    """Return a name for the caller: shops may share an address, and differ by their keys for the API.

    Nobody has checked the key. A made-up one is refused too soon to hold a place.
    """
    key = headers.get(b"authorization") if scope["path"].startswith("/api/") else None
    return f"{address} {hash(key)}" if key else address


def _network(address: str) -> str:
    """Return the /64 of an IPv6 address: one customer has all of it."""
    try:
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    except ValueError:
        return address
