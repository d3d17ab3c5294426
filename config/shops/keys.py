"""Issue, check, rotate and revoke API keys."""

import functools
import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.conf import settings
from django.core.cache import cache, caches
from django.db import transaction
from django.db.models import Field, Q
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.core.prepared import Parameter, Prepared
from config.core.redis.outage import cache_outage
from config.core.revoking import end_tickets, key_holder
from config.shops.abilities import Scope, abilities_for
from config.shops.callers import Caller, shop_name
from config.shops.models import ApiKey, Kind, Shop
from config.shops.texts import is_mistyped, key_text, shown_start

# A polled job costs one query because its key is remembered. Revoking forgets it at once; only while the
# cache is away can a revoked key be believed elsewhere for this long. A changed key is remembered by nobody
# for as long: a request that read the row before the change would remember what it was.
REMEMBER_SECONDS = 60
# While the cache is away each process remembers keys by itself, for less.
AWAY_SECONDS: Final = 2
CHANGED: Final[Mapping[str, Any]] = {}
# The last use of a key is known to the hour: a write for each request would cost more than it tells.
ORIGINS: Final = "allowed-origins"
ORIGINS_SECONDS: Final = 10
USE_IS_NOTED: Final = timedelta(hours=1)
# The shop of the page at /demo/.
DEMO_SHOP_ID: Final = UUID("6f0d2c1e-7a43-4d0c-9a1f-5d2b8c3e4f60")


class KeyNotRotatable(DomainError):
    code: ClassVar[str] = "key_not_rotatable"
    status: ClassVar[int] = 409
    message: Any = _("This key does not work any more. Make a new one.")


def key_issue(
    *,
    name: str,
    shop: Shop | None = None,
    kind: str = Kind.SECRET,
    is_test: bool = False,
    scopes: Iterable[str] = (Scope.TRYON,),
    daily_credits: int | None = None,
    expires_at: datetime | None = None,
    is_manager: bool = False,
    key: str = "",
) -> tuple[ApiKey, str]:
    """Create a key and return it with its text. The text is shown this once and not kept.

    Without a shop it gets one of its own, with its name and its id. A publishable key has no scopes.
    """
    text = key or key_text(is_publishable=kind == Kind.PUBLISHABLE, is_test=is_test)
    if kind == Kind.PUBLISHABLE:
        scopes, is_manager = (), False
    row = ApiKey(
        name=name,
        kind=kind,
        is_test=is_test,
        scopes=[str(scope) for scope in scopes],
        prefix=shown_start(text),
        digest=digest_of(text),
        is_manager=is_manager,
        daily_credits=daily_credits,
        expires_at=expires_at,
    )
    with transaction.atomic():
        row.shop = shop or Shop.objects.create(pk=row.pk, name=name)
        row.save(force_insert=True)
    return row, text


def key_rotate(row: ApiKey, *, hours: int) -> tuple[ApiKey, str]:
    """Issue another key like this one, which works for ``hours`` more. Return the new key and its text.

    Raise KeyNotRotatable if the key does not work now.
    """
    with transaction.atomic():
        old = ApiKey.objects.select_for_update(of=("self",)).select_related("shop").get(pk=row.pk)
        now = clock.now()
        if not old.is_active or (old.expires_at is not None and old.expires_at <= now):
            raise KeyNotRotatable
        new, text = key_issue(
            name=old.name,
            shop=old.shop,
            kind=old.kind,
            is_test=old.is_test,
            scopes=old.scopes,
            daily_credits=old.daily_credits,
            expires_at=old.expires_at,
            is_manager=old.is_manager,
        )
        end = now + timedelta(hours=hours)
        old.expires_at = end if old.expires_at is None else min(old.expires_at, end)
        old.save(update_fields=["expires_at"])
        transaction.on_commit(lambda: key_forget(old))
    return new, text


def key_forget(row: ApiKey) -> None:
    """Drop the cached key. Call it after the commit of every change of its row."""
    _forget(_cached_names(row.pk, row.digest))
    if not row.is_active or (row.expires_at is not None and row.expires_at <= clock.now()):
        end_tickets([key_holder(row.pk)])


def shop_forget(shop: Shop) -> None:
    """Drop the cached keys of a shop. Call it after the commit of every change of its row."""
    keys = list(shop.keys.values_list("pk", "digest"))
    names = [name for pk, digest in keys for name in _cached_names(pk, digest)]
    _forget(names)
    caches["process"].delete_many([ORIGINS, *(_origins_name(pk) for pk, _digest in keys)])
    if not shop.is_active:
        end_tickets(key_holder(pk) for pk, _digest in keys)


def _forget(names: Collection[str]) -> None:
    cache.set_many(dict.fromkeys(names, CHANGED), REMEMBER_SECONDS)
    caches["process"].delete_many(names)


def key_check(text: str) -> Caller | None:
    """Return the caller behind a key, or None. It costs one indexed query, or none for a cached key."""
    if is_mistyped(text):
        return None
    digest = digest_of(text)
    found: Mapping[str, Any] | None = cache.get(cached_name(digest)) or key_read(digest)
    return Caller(**found) if found else None


def key_of_session(key_id: UUID) -> Caller | None:
    """Return the caller that a session's key is, or None, as ``key_check``."""
    found: Mapping[str, Any] | None = cache.get(cached_name(str(key_id))) or key_read_by_id(key_id)
    return Caller(**found) if found else None


def key_read(digest: str) -> Mapping[str, Any] | None:
    """Return the arguments of a key's Caller from the database, and cache them unless the key has changed."""
    return _read(cached_name(digest), "digest", digest)


def key_read_by_id(key_id: UUID) -> Mapping[str, Any] | None:
    """Return the arguments of a key's Caller, as ``key_read``."""
    return _read(cached_name(str(key_id)), "id", key_id)


def _read(name: str, field: str, key: str | UUID) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = caches["process"].get(name) if cache_outage.is_on() else None
    return found or _read_row(name, field, key)


def _read_row(name: str, field: str, key: str | UUID) -> Mapping[str, Any] | None:
    now = clock.now()
    row = next(iter(_active_keys(field).ask(key=key)), None)
    if row is None or (row.expires_at is not None and row.expires_at <= now) or _is_of_closed_demo(row):
        return None
    found = _arguments_of(row)
    left = REMEMBER_SECONDS if row.expires_at is None else int((row.expires_at - now).total_seconds())
    if cache_outage.is_on():
        caches["process"].set(name, found, min(left, AWAY_SECONDS))
    elif left > 0:
        cache.add(name, found, min(left, REMEMBER_SECONDS))
    _note_use(row, now)
    return found


@functools.cache
def _active_keys(field: str) -> Prepared[ApiKey]:
    """Return the query for the key with a value in a field that no two keys share."""
    of_active_shop = Q(shop=None) | Q(shop__is_active=True)
    column = cast("Field[Any, Any]", ApiKey._meta.get_field(field))
    key = {field: Parameter("key", column)}
    return Prepared(ApiKey.objects.filter(of_active_shop, is_active=True, **key).order_by())


def _is_of_closed_demo(row: ApiKey) -> bool:
    """Return whether the key is that of the page at /demo/, and the page is off."""
    return row.is_publishable and row.shop_id == DEMO_SHOP_ID and not settings.DEMO_SHOP


def _note_use(row: ApiKey, now: datetime) -> None:
    earlier = now - USE_IS_NOTED
    if row.last_used_at is None or row.last_used_at < earlier:
        long_ago = Q(last_used_at=None) | Q(last_used_at__lt=earlier)
        ApiKey.objects.filter(long_ago, pk=row.pk).update(last_used_at=now)


def _arguments_of(row: ApiKey) -> Mapping[str, Any]:
    """Return the arguments of the key's Caller. A key that version 0.1 has made is a shop of its own."""
    shop = shop_name(row.shop_id or row.pk, is_test=row.is_test)
    return {
        "requester": shop,
        "shop": shop,
        "key_id": row.pk,
        "abilities": abilities_for(row.scopes),
        "is_manager": row.is_manager,
        "is_test": row.is_test,
        "is_publishable": row.kind == Kind.PUBLISHABLE,
    }


def digest_of(text: str) -> str:
    """Return the SHA-256 of a key's text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def cached_name(key: str) -> str:
    """Return the name of a key's caller in the cache, by its digest or its id.

    Version 0.1 keeps its own, which are other fields.
    """
    return f"key-of-shop:{key}"


def _cached_names(key_id: UUID, digest: str) -> tuple[str, str]:
    return cached_name(digest), cached_name(str(key_id))


def allowed_origins() -> frozenset[str]:
    """Return the origins of all active shops. Each process remembers them for some seconds."""
    known: frozenset[str] | None = caches["process"].get(ORIGINS)
    if known is None:
        lists = Shop.objects.filter(is_active=True).values_list("allowed_origins", flat=True)
        known = frozenset(origin for origins in lists for origin in origins)
        caches["process"].set(ORIGINS, known, ORIGINS_SECONDS)
    return known


def origins_of_key(key_id: UUID) -> frozenset[str]:
    """Return the origins of a key's shop, remembered as ``allowed_origins``."""
    known: frozenset[str] | None = caches["process"].get(_origins_name(key_id))
    if known is None:
        lists = Shop.objects.filter(keys=key_id).values_list("allowed_origins", flat=True)
        known = frozenset(origin for origins in lists for origin in origins)
        caches["process"].set(_origins_name(key_id), known, ORIGINS_SECONDS)
    return known


def _origins_name(key_id: UUID) -> str:
    return f"{ORIGINS}:{key_id}"
