"""Erasure of what a product photo shows."""

from uuid import UUID

from django.db import transaction

from config.core.http.idempotency.once import forget_request
from config.core.snapshots import outdate_after_commit
from config.core.storage import discard_after_commit
from results.pages import outdate_pages
from tryon.models import ProductImage
from tryon.selectors.jobs import jobs_showing


def product_image_forget(photo_id: UUID) -> list[str]:
    """Remove all that an erased photo shows: its files, its product, its metadata and its checksum.

    Return the keys of the files, which are discarded after the commit. A job that is being made points at the
    row: one that came first is committed when this returns.
    """
    with transaction.atomic():
        row = ProductImage.objects.select_for_update().filter(pk=photo_id).first()
        if row is None:
            return []
        forget_request(photo_id)
        keys = [file.name for file in (row.original, row.processed, row.thumbnail) if file.name]
        discard_after_commit(*keys)
        row.source_of.update(source_photo=None)
        nothing = {
            "original": "",
            "processed": "",
            "thumbnail": "",
            "product_id": "",
            "checksum": "",
            "view": "",
        }
        ProductImage.objects.filter(pk=photo_id).update(
            metadata={}, tags=[], catalogue_product=None, **nothing
        )
        jobs = jobs_showing(photo_id)
        outdate_after_commit(jobs)
        outdate_pages(jobs)
    return keys
