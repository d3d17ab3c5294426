"""The words of a request about who asks, for the quick path: it looks the caller up with other things."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest

from config.core.errors import DomainError
from config.shops.authentication import key_of, token_of
from config.shops.callers import Caller
from config.shops.keys import cached_name, digest_of, key_read, key_read_by_id
from config.shops.sessions import as_visitor, check_session, origin_of, session_in
from config.shops.shoppers import SHOPPER_HEADER, as_shopper
from config.shops.texts import is_mistyped


class Credentials(NamedTuple):
    """``cached`` is the name of the key's arguments in the cache, and ``read`` reads them from the database.

    ``identity`` is a text that no other caller has. ``narrow`` makes the caller of the key's.
    """

    cached: str
    identity: str
    read: Callable[[], Mapping[str, Any] | None]
    narrow: Callable[[Caller], Caller]

    def caller(self, found: Mapping[str, Any]) -> Caller | None:
        """Return the caller with these arguments, None for one who is refused."""
        try:
            return self.narrow(Caller(**found))
        except DomainError:
            return None


def credentials_in(request: HttpRequest) -> Credentials | None:
    """Return a request's credentials, None where it has none or they are wrong by themselves."""
    if (token := token_of(request.META)) is not None:
        return _of_token(token, request)
    key = key_of(request.META)
    return None if key is None or is_mistyped(key) else _of_key(key, request.META.get(SHOPPER_HEADER))


def _of_key(key: str, shopper_id: str | None) -> Credentials:
    digest = digest_of(key)

    def read() -> Mapping[str, Any] | None:
        return key_read(digest)

    if shopper_id is None:
        return Credentials(cached_name(digest), digest, read, lambda caller: caller)
    identity = hashlib.sha256(f"{digest} {shopper_id}".encode()).hexdigest()
    return Credentials(cached_name(digest), identity, read, lambda caller: as_shopper(caller, shopper_id))


def _of_token(token: str, request: HttpRequest) -> Credentials | None:
    if SHOPPER_HEADER in request.META:
        return None
    try:
        session = session_in(token)
        check_session(session, origin_of(request))
    except DomainError:
        return None
    key_id = session.key_id
    return Credentials(
        cached_name(str(key_id)),
        f"{key_id} {session.shopper}",
        lambda: key_read_by_id(key_id),
        lambda caller: as_visitor(caller, session),
    )
