"""Product photos of shoppers: those that they did nothing with, and those that are done with."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from config.core import clock
from config.core.storage import discard
from config.core.upkeep.runs import Batch
from tryon.models import ProductImage
from tryon.selectors import uploads_spent, uploads_without_jobs

# On S3 each file costs two calls, and the sweep waits behind the batch.
BATCH: Final = 50


def abandoned_uploads(
    cursor: str, tally: dict[str, Any], *, dry_run: bool, older_than: timedelta | None = None
) -> Batch:
    """Uploads older than UPLOAD_TTL_HOURS without a job. The shop's own catalogue is never touched."""
    age = older_than or timedelta(hours=settings.UPLOAD_TTL_HOURS)
    rows = uploads_without_jobs(before=clock.now() - age).order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=cursor)
    photos = list(rows[:BATCH])
    gone = photos if dry_run else [photo for photo in photos if _remove(photo)]
    freed = 0 if dry_run else discard(*(key for photo in gone for key in _keys(photo)))
    cursor = str(photos[-1].pk) if len(photos) == BATCH else ""
    return Batch(cursor, looked_at=len(photos), removed=len(gone), freed_bytes=freed)


def spent_uploads(
    cursor: str, tally: dict[str, Any], *, dry_run: bool, older_than: timedelta | None = None
) -> Batch:
    """Files of uploads whose try-ons have been over for RESULT_TTL_DAYS and left no result. The rows stay."""
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
    """Take the files' keys out of the rows, except of those that somebody tries on at this moment."""
    chosen = [photo.pk for photo in photos]
    with transaction.atomic():
        # The key too: a new job, which points at it, waits. Then asked again.
        held = ProductImage.objects.select_for_update().filter(pk__in=chosen)
        list(held.values_list("pk"))
        spent = list(uploads_spent(before=before).filter(pk__in=chosen))
        rows = ProductImage.objects.filter(pk__in=[photo.pk for photo in spent])
        rows.update(original="", processed="", thumbnail="")
    return spent


def _remove(photo: ProductImage) -> bool:
    """Delete the row, unless somebody asks for a try-on of it at this moment: then the database refuses."""
    try:
        with transaction.atomic():
            # A copy: the caller still needs the keys.
            ProductImage.objects.get(pk=photo.pk).delete()
    except (IntegrityError, ProductImage.DoesNotExist):  # ProtectedError is an IntegrityError
        return False
    return True


def _keys(photo: ProductImage) -> list[str]:
    return [str(file.name) for file in (photo.original, photo.processed, photo.thumbnail)]
