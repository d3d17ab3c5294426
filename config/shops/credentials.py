"""The words of a request about who asks, for the quick path: it looks the caller up with other things."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from config.core.errors import DomainError
from config.shops.authentication import key_of
from config.shops.callers import Caller
from config.shops.keys import cached_name, digest_of, key_read
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


def credentials_in(environ: Mapping[str, Any]) -> Credentials | None:
    """Return a request's credentials, None where it has none or they are wrong by themselves."""
    key = key_of(environ)
    if key is None or is_mistyped(key):
        return None
    digest, shopper_id = digest_of(key), environ.get(SHOPPER_HEADER)
    name = cached_name(digest)
    if shopper_id is None:
        return Credentials(name, digest, lambda: key_read(digest), lambda caller: caller)
    identity = hashlib.sha256(f"{digest} {shopper_id}".encode()).hexdigest()
    return Credentials(
        name, identity, lambda: key_read(digest), lambda caller: as_shopper(caller, shopper_id)
    )
