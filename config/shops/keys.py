"""Issue, check and revoke API keys."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q

from config.shops.callers import Caller, shop_name
from config.shops.models import ApiKey, Scope, Shop

PREFIX = "tos_"
# A polled job costs one query because its key is remembered. Revoking forgets it at once; only while the
# cache is away can a revoked key be believed elsewhere for this long. A changed key is remembered by nobody
# for as long: a request that read the row before the change would remember what it was.
REMEMBER_SECONDS = 60
CHANGED: Final[Mapping[str, Any]] = {}


def key_issue(
    *, name: str, is_manager: bool = False, key: str = "", shop: Shop | None = None
) -> tuple[ApiKey, str]:
    """Create a key and return it with its text. The text is shown this once and not kept.

    Without a shop it gets one of its own, with its name and its id.
    """
    text = key or PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiKey(name=name, prefix=text[:8], digest=digest_of(text), is_manager=is_manager)
        row.scopes = [Scope.TRYON.value]
        row.shop = shop or Shop.objects.create(pk=row.pk, name=name)
        row.save(force_insert=True)
    return row, text


def key_forget(row: ApiKey) -> None:
    """Drop the cached key. Call it after the commit of every change of its row."""
    cache.set(cached_name(row.digest), CHANGED, REMEMBER_SECONDS)


def shop_forget(shop: Shop) -> None:
    """Drop the cached keys of a shop. Call it after the commit of every change of its row."""
    digests = shop.keys.values_list("digest", flat=True)
    cache.set_many({cached_name(digest): CHANGED for digest in digests}, REMEMBER_SECONDS)


def key_check(text: str) -> Caller | None:
    """Return the caller behind a key, or None. It costs one indexed query, or none for a cached key."""
    digest = digest_of(text)
    found: Mapping[str, Any] | None = cache.get(cached_name(digest)) or key_read(digest)
    return Caller(**found) if found else None


def key_read(digest: str) -> Mapping[str, Any] | None:
    """Return the arguments of a key's Caller from the database, and cache them unless the key has changed."""
    of_active_shop = Q(shop=None) | Q(shop__is_active=True)
    row = ApiKey.objects.filter(of_active_shop, digest=digest, is_active=True).first()
    if row is None:
        return None
    found = _arguments_of(row)
    cache.add(cached_name(digest), found, REMEMBER_SECONDS)
    return found


def _arguments_of(row: ApiKey) -> Mapping[str, Any]:
    """Return the arguments of the key's Caller. A key that version 0.1 has made is a shop of its own."""
    shop = shop_name(row.shop_id or row.pk)
    return {
        "requester": shop,
        "shop": shop,
        "key_id": row.pk,
        "is_manager": row.is_manager,
        "is_test": row.is_test,
    }


def digest_of(text: str) -> str:
    """Return the SHA-256 of a key's text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def cached_name(digest: str) -> str:
    """Return the name of a key's caller in the cache. Version 0.1 keeps its own, which are other fields."""
    return f"key-of-shop:{digest}"
