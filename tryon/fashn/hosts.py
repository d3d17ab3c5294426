"""The allow-list of hosts for result pictures."""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from config.core.outgoing.guard import DEFAULT_PORTS, AddressRefused, web_address
from tryon.fashn.errors import ResultHostRefused

_ENTRY: Final = re.compile(
    r"\*(?:\.[\w-]+)+|(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE
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
    try:
        address = web_address(url)
    except AddressRefused as error:
        raise ResultHostRefused(cause=str(error)) from None
    scheme, host = address.scheme or "", address.host or ""
    if scheme == "http" and not plain_http:
        raise ResultHostRefused(cause="plain http")
    default_port = DEFAULT_PORTS[scheme]
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
