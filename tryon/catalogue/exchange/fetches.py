"""Photos that imports name by their addresses: a worker fetches them, one at a time."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from config.core import clock
from config.core.errors import DomainError
from config.core.upkeep.runs import Batch
from tryon.catalogue.models import PhotoFetch, Product, ProductImport
from tryon.catalogue.services import photo_add
from tryon.services.products import ProductImageDuplicate, photo_fetch

logger = structlog.stdlib.get_logger(__name__)

MOST_ATTEMPTS: Final = 3
PAUSE: Final = timedelta(minutes=10)
IMPORTS_ARE_KEPT: Final = timedelta(days=7)
# Rows that nobody has applied by then are forgotten.
ROWS_WAIT: Final = timedelta(days=1)


def photo_fetches(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Fetch one photo that an import names. Those that fail for now are tried three times."""
    due = PhotoFetch.objects.filter(state=PhotoFetch.State.WAITING, at__lte=clock.now())
    fetch = due.select_related("product").order_by("at").first()
    if fetch is None or dry_run:
        return Batch("", looked_at=int(fetch is not None))
    try:
        _take_in(fetch)
    except DomainError as error:
        _note_failure(fetch, error)
    return Batch("next", looked_at=1)


def _take_in(fetch: PhotoFetch) -> None:
    """Fetch a photo into the catalogue, as the source of its product. It is safe to repeat."""
    file, number = photo_fetch(fetch.address), fetch.product.product_id
    try:
        photo = photo_add(file=file, product_id=number, photo_id=fetch.pk)[0].pk
    except ProductImageDuplicate as twin:
        photo = UUID(twin.details["id"])
    Product.objects.filter(pk=fetch.product_id).update(source_photo=photo)
    PhotoFetch.objects.filter(pk=fetch.pk).update(state=PhotoFetch.State.DONE, code="")


def _note_failure(fetch: PhotoFetch, error: DomainError) -> None:
    """Let a fetch wait, or end it where another attempt makes no difference."""
    attempts = fetch.attempts + 1
    is_over = not error.retryable or attempts >= MOST_ATTEMPTS
    state = PhotoFetch.State.FAILED if is_over else PhotoFetch.State.WAITING
    PhotoFetch.objects.filter(pk=fetch.pk).update(
        state=state, attempts=attempts, code=error.code, at=clock.now() + PAUSE
    )
    logger.info("photo_not_fetched", code=error.code, attempts=attempts)


def old_imports(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Forget rows that nobody has applied for a day, and imports of a week ago. Products and photos stay."""
    now = clock.now()
    stale = ProductImport.objects.filter(created_at__lt=now - ROWS_WAIT).exclude(rows=[])
    old = ProductImport.objects.filter(created_at__lt=now - IMPORTS_ARE_KEPT)
    if dry_run:
        return Batch("", looked_at=old.count(), removed=old.count())
    stale.update(rows=[])
    removed, _by_kind = old.delete()
    return Batch("", looked_at=removed, removed=removed)
