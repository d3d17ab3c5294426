"""Rows that processes of version 0.1 wrote during the deploy: they name a key, and now its shop owns them."""

from typing import Any, Final

from config.core.upkeep.runs import Batch
from config.shops.models import ApiKey, Shop
from config.shops.renaming import OLD, keys_without_shop_adopt, requesters_rename, shop_by_key
from results.models import ResultFeedback
from tryon.models import JobViewer, ProductImage, TryOnJob

# The tables, and the options of their renaming.
TABLES: Final[dict[Any, dict[str, Any]]] = {
    TryOnJob: {},
    JobViewer: {"once_per": "job"},
    ProductImage: {"also": ("shop",)},
    ResultFeedback: {"once_per": "job"},
}


def old_requesters(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Give the rows to the shops of the keys. It removes nothing."""
    if dry_run:
        old = sum(table.objects.filter(requester__startswith=OLD).count() for table in TABLES)
        return Batch("", looked_at=old)
    keys_without_shop_adopt(ApiKey.objects, Shop.objects)
    ids = shop_by_key(ApiKey.objects)
    renamed = sum(requesters_rename(table.objects, ids, **options) for table, options in TABLES.items())
    return Batch("next" if renamed else "", looked_at=renamed)
