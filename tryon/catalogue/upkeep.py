"""Cleanup of the catalogue: photos of an older release find their products, and old uploads are forgotten."""

from datetime import timedelta
from typing import Any, Final

from config.core import clock
from config.core.upkeep.runs import Batch
from tryon.catalogue.links import photos_link, photos_without_product
from tryon.catalogue.models import Product, UploadAttempt
from tryon.models import ProductImage

ATTEMPTS_ARE_KEPT: Final = timedelta(days=7)
BATCH: Final = 1000


def photos_of_products(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Give photos that processes of the release before have stored their products. It removes nothing."""
    if dry_run:
        return Batch("", looked_at=photos_without_product(ProductImage.objects).count())
    linked = photos_link(ProductImage.objects, Product.objects)
    return Batch("next" if linked else "", looked_at=linked)


def old_upload_attempts(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Forget what people sent to the library a week ago. Their photos stay."""
    old = UploadAttempt.objects.filter(at__lt=clock.now() - ATTEMPTS_ARE_KEPT).order_by("at")
    keys = list(old.values_list("pk", flat=True)[:BATCH])
    if dry_run:
        return Batch("", looked_at=len(keys), removed=len(keys))
    removed, _rows = UploadAttempt.objects.filter(pk__in=keys).delete()
    return Batch("next" if removed else "", looked_at=removed, removed=removed)
