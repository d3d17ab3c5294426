"""Issue, check and revoke API keys."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from django.core.cache import cache

from config.shops.callers import Caller
from config.shops.models import ApiKey

PREFIX = "tos_"
# A polled job costs one query because its key is remembered. Revoking forgets it at once; only while the
# cache is away can a revoked key be believed elsewhere for this long. A changed key is remembered by nobody
# for as long: a request that read the row before the change would remember what it was.
REMEMBER_SECONDS = 60
CHANGED: Final[Mapping[str, Any]] = {}


def key_issue(*, name: str, is_manager: bool = False, key: str = "") -> tuple[ApiKey, str]:
    """Create a key and return it with its text. The text is shown this once and not kept."""
    text = key or PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(name=name, prefix=text[:8], digest=digest_of(text), is_manager=is_manager)
    return row, text


def key_forget(row: ApiKey) -> None:
    """Drop the cached key. Call it after the commit of every change of its row."""
    cache.set(cached_name(row.digest), CHANGED, REMEMBER_SECONDS)


def key_check(text: str) -> Caller | None:
    """Return the caller behind a key, or None. It costs one indexed query, or none for a cached key."""
    digest = digest_of(text)
    found: Mapping[str, Any] | None = cache.get(cached_name(digest)) or key_read(digest)
    return Caller(**found) if found else None


def key_read(digest: str) -> Mapping[str, Any] | None:
    """Return the arguments of a key's Caller from the database, and cache them unless the key has changed."""
    row = ApiKey.objects.filter(digest=digest, is_active=True).values_list("id", "is_manager").first()
    if row is None:
        return None
    found = {"requester": f"key:{row[0]}", "is_manager": row[1]}
    cache.add(cached_name(digest), found, REMEMBER_SECONDS)
    return found


def digest_of(text: str) -> str:
    """Return the SHA-256 of a key's text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def cached_name(digest: str) -> str:
    """Return the name of a key's caller in the cache."""
    return f"api-key:{digest}"
