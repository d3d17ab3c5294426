"""Addresses: those of clients, from what a client can't make up, and those that the service tells."""

import functools
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, reverse

# A provider gives a house this much of IPv6. One client can use all its addresses in turn.
IPV6_PREFIX: Final = 64

# Each proxy may add its word to them. Django takes the first of them, or the whole.
LISTS: Final = ("HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO")


class ForwardedMiddleware:
    """Keep one host and one scheme of those that the proxies name: that of the outermost trusted one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        keep_trusted(request.META)
        return self.get_response(request)


def keep_trusted(environ: dict[str, Any]) -> None:
    """Keep, of the hosts and schemes in the environment of a request, those of the outermost trusted proxy.

    Done twice, it is as done once.
    """
    if settings.TRUSTED_PROXIES:
        for name in LISTS:
            if value := environ.get(name):
                entries = value.split(",")
                environ[name] = entries[-min(len(entries), settings.TRUSTED_PROXIES)].strip()


def path_of(name: str, *args: str) -> str:
    """Return the path of a view, without the prefix of a service that lies below a path.

    A thread that serves no request knows of no prefix, so it may be there or not.
    """
    return f"/{reverse(name, args=args).removeprefix(get_script_prefix())}"


def public_address(name: str, *args: str) -> str:
    """Return the address of a view as others reach it, which needs PUBLIC_BASE_URL."""
    return f"{settings.PUBLIC_BASE_URL}{path_of(name, *args)}"


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IP address, or the network of an IPv6 address. None where there is none."""
    return address_of(request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_of(connected: str, forwarded: str) -> str | None:
    """Return the client's address from that of the connection and the header ``X-Forwarded-For``.

    A client can send ``X-Forwarded-For`` too. Each proxy adds the address of its own client at the end, so
    the entry of the outermost of TRUSTED_PROXIES proxies counts, and no entry before it.
    """
    if not settings.TRUSTED_PROXIES:
        return normal_address(connected)
    entries = forwarded.split(",")
    if len(entries) < settings.TRUSTED_PROXIES:  # it did not come through all the proxies
        return normal_address(connected)
    return normal_address(entries[-settings.TRUSTED_PROXIES]) or normal_address(connected)


@functools.lru_cache(maxsize=1024)
def normal_address(text: str) -> str | None:
    """Return an address in its usual form, without a port. Return None for any other text."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address.packed, IPV6_PREFIX), strict=False).network_address)
    return str(address)
