"""The caller of a request, as far as it can be told before Django: an address, and an API key beside it."""

from config.core.http import address
from config.core.http.gate.answers import Scope


def address_in(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """Return the address of the client, empty for a socket without one."""
    client = scope.get("client")
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1")
    return address.address_of(str(client[0]) if client else "", forwarded) or ""


def caller_of(client: str, scope: Scope, headers: dict[bytes, bytes]) -> str:
    """Return a name for the caller: shops may share an address, and differ by their keys for the API.

    Nobody has checked the key. A made-up one is refused too soon to hold a place. A token names nobody: one
    client gets as many as it likes.
    """
    key = headers.get(b"authorization", b"") if scope["path"].startswith("/api/") else b""
    return client if not key or key.lower().startswith(b"bearer ") else f"{client} {hash(key)}"
