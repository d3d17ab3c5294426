"""Rows change their requester: version 0.1 named the key, and now it is the key's shop.

A key of that time is in a shop of its own, which has the key's id. Processes of the old release write its
name until the last of them has ended, so a cleanup renames such rows too.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Exists, Manager, OuterRef

OLD: Final = "key:"
NEW: Final = "shop:"
MOST: Final = 5000


def keys_without_shop_adopt(keys: "Manager[Any]", shops: "Manager[Any]") -> int:
    """Give each key without a shop a shop of its own, with the key's id and name. Return their number."""
    alone = list(keys.filter(shop=None))
    shops.bulk_create(
        [shops.model(pk=key.pk, name=key.name, created_at=key.created_at) for key in alone],
        ignore_conflicts=True,
    )
    for key in alone:
        keys.filter(pk=key.pk, shop=None).update(shop_id=key.pk)
    return len(alone)


def shop_by_key(keys: "Manager[Any]") -> dict[str, str]:
    """Return the ids of the shops by the ids of their keys."""
    return {str(key): str(shop) for key, shop in keys.exclude(shop=None).values_list("pk", "shop_id")}


def key_by_shop(keys: "Manager[Any]") -> dict[str, str]:
    """Return the ids of the oldest key of each shop, by the ids of the shops."""
    newest_first = keys.exclude(shop=None).order_by("-created_at").values_list("shop_id", "pk")
    return {str(shop): str(key) for shop, key in newest_first}


def requesters_rename(
    rows: "Manager[Any]",
    ids: Mapping[str, str],
    *,
    old: str = OLD,
    new: str = NEW,
    once_per: str = "",
    also: tuple[str, ...] = (),
) -> int:
    """Rename the requester of at most 5,000 rows, in one statement. Return their number, 0 at the end.

    ``ids`` has the new ids by the old ones; an id that it does not have stays. ``once_per`` is the field of
    which a requester has one row: where the new name has one already, the old one's goes. ``also`` are
    fields that get the new name too.
    """
    name = (
        rows.filter(requester__startswith=old)
        .order_by("requester")
        .values_list("requester", flat=True)
        .first()
    )
    if name is None:
        return 0
    old_id = name.removeprefix(old)
    renamed = f"{new}{ids.get(old_id, old_id)}"
    named = rows.filter(requester=name).order_by()
    if once_per:
        twins = rows.filter(requester=renamed, **{once_per: OuterRef(once_per)})
        if gone := list(named.filter(Exists(twins)).values_list("pk", flat=True)[:MOST]):
            rows.filter(pk__in=gone).delete()
            return len(gone)
    some = rows.filter(pk__in=named.values("pk")[:MOST])
    return some.update(requester=renamed, **dict.fromkeys(also, renamed))
