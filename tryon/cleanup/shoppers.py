"""Cleanup of shoppers' own photos, with all that was made with them."""

from typing import Any, Final
from uuid import UUID

from django.db import transaction

from config.core import clock
from config.core.http.idempotency.once import forget_request
from config.core.storage import discard_after_commit
from config.core.upkeep.runs import Batch
from tryon.cleanup.erasing import erase_job
from tryon.models import ShopperPhoto
from tryon.selectors.erasing import jobs_to_erase

# On S3 each file costs two calls, and the sweep waits for the batch to end.
BATCH: Final = 20


def expired_shopper_photos(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove the files of expired photos and what was made with them, and rows that no job needs."""
    expired = ShopperPhoto.objects.filter(expires_at__lte=clock.now()).order_by("pk")
    unfinished = expired.exclude(processed="") | expired.filter(jobs=None)
    rows = unfinished.filter(pk__gt=cursor) if cursor else unfinished
    photos = list(rows[:BATCH])
    if not dry_run:
        for photo in photos:
            _expire(photo)
    return Batch(str(photos[-1].pk) if len(photos) == BATCH else "", len(photos), len(photos))


def _expire(photo: ShopperPhoto) -> None:
    """Remove what was made with the photo, then its files. A run that was cut off is repeated."""
    while jobs := jobs_to_erase(photo, most=BATCH):
        for job_id in jobs:
            erase_job(job_id, photo, by="cleanup")
    with transaction.atomic():
        row = ShopperPhoto.objects.select_for_update().get(pk=photo.pk)
        forget_request(row.pk)
        discard_after_commit(*files_of(row))
        ShopperPhoto.objects.filter(pk=photo.pk).update(original="", processed="")
        ShopperPhoto.objects.filter(pk=photo.pk, jobs=None).delete()


def shopper_photo_forget(photo_id: UUID) -> list[str]:
    """Remove all that an erased photo shows and says: its files, its shopper, the consent, and an unused row.

    Return the keys of the files, which are discarded after the commit. A job that is being made points at the
    row: one that came first is committed when this returns.
    """
    with transaction.atomic():
        row = ShopperPhoto.objects.select_for_update().filter(pk=photo_id).first()
        if row is None:
            return []
        forget_request(photo_id)
        keys = files_of(row)
        discard_after_commit(*keys)
        nothing = dict.fromkeys(
            ("original", "processed", "checksum", "requester", "consent_version", "address_hash"), ""
        )
        ShopperPhoto.objects.filter(pk=photo_id).update(api_key=None, **nothing)
        ShopperPhoto.objects.filter(pk=photo_id, jobs=None).delete()
        return keys


def files_of(photo: ShopperPhoto) -> list[str]:
    """Return the keys of a photo's files."""
    return [key for key in (photo.original.name, photo.processed.name) if key]
