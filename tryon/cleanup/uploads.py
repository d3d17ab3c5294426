"""Cleanup of shoppers' product photos: unused ones, and those whose try-ons are over."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from config.core import clock
from config.core.storage import discard
from config.core.upkeep.runs import Batch
from tryon.models import ProductImage
from tryon.selectors.photos import uploads_spent, uploads_without_jobs

# On S3 each file costs two calls, and the sweep waits for the batch to end.
BATCH: Final = 50


def abandoned_uploads(
    cursor: str, tally: dict[str, Any], *, dry_run: bool, older_than: timedelta | None = None
) -> Batch:
    """Remove uploads without a job, older than UPLOAD_TTL_HOURS, but never the shop's own catalogue."""
    age = older_than or timedelta(hours=settings.UPLOAD_TTL_HOURS)
    return remove_unused(uploads_without_jobs(before=clock.now() - age), cursor, dry_run=dry_run)


def remove_unused(photos: QuerySet[ProductImage], cursor: str, *, dry_run: bool) -> Batch:
    """Remove a batch of photos without a job, with their files."""
    rows = photos.order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=cursor)
    some = list(rows[:BATCH])
    gone = some if dry_run else [photo for photo in some if _remove(photo)]
    freed = 0 if dry_run else discard(*(key for photo in gone for key in _keys(photo)))
    cursor = str(some[-1].pk) if len(some) == BATCH else ""
    return Batch(cursor, looked_at=len(some), removed=len(gone), freed_bytes=freed)


def spent_uploads(
    cursor: str, tally: dict[str, Any], *, dry_run: bool, older_than: timedelta | None = None
) -> Batch:
    """Remove files of uploads whose try-ons ended RESULT_TTL_DAYS ago and have no result. The rows stay."""
    before = clock.now() - (older_than or timedelta(days=settings.RESULT_TTL_DAYS))
    rows = uploads_spent(before=before).order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=cursor)
    photos = list(rows[:BATCH])
    gone = photos if dry_run else _strip(photos, before)
    freed = 0 if dry_run else discard(*(key for photo in gone for key in _keys(photo)))
    cursor = str(photos[-1].pk) if len(photos) == BATCH else ""
    return Batch(cursor, looked_at=len(photos), removed=len(gone), freed_bytes=freed)


def _strip(photos: list[ProductImage], before: datetime) -> list[ProductImage]:
    """Clear the files' keys in the rows, unless somebody is trying the photo on. Return those photos."""
    chosen = [photo.pk for photo in photos]
    with transaction.atomic():
        # Lock the key too, so that a new job, which points at it, waits. Then ask again.
        held = ProductImage.objects.select_for_update().filter(pk__in=chosen)
        list(held.values_list("pk"))
        spent = list(uploads_spent(before=before).filter(pk__in=chosen))
        rows = ProductImage.objects.filter(pk__in=[photo.pk for photo in spent])
        rows.update(original="", processed="", thumbnail="")
    return spent


def _remove(photo: ProductImage) -> bool:
    """Delete the row. Return False if a new try-on needs it: then the database refuses."""
    try:
        with transaction.atomic():
            # Delete a copy, because the caller still needs the keys.
            ProductImage.objects.get(pk=photo.pk).delete()
    except (IntegrityError, ProductImage.DoesNotExist):  # ProtectedError is an IntegrityError
        return False
    return True


def _keys(photo: ProductImage) -> list[str]:
    return [str(file.name) for file in (photo.original, photo.processed, photo.thumbnail)]
