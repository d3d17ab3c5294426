"""Metadata of originals that a release before the cleaning of uploads has stored."""

from typing import Any, Final

from django.utils.translation import gettext as _

from config.core.errors import DomainError
from config.core.images import ImageRefused, clean
from config.core.storage import ObjectArchived, ObjectMissing, discard, new_files, read
from config.core.upkeep.runs import Batch
from tryon.models import ProductImage

# Each is read whole. The run notes its place after a batch.
BATCH: Final = 10


class RowChanged(Exception):
    """Somebody has removed the photo, or its files, in the meantime."""


def original_metadata(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Store originals with metadata again, without them. ``removed`` counts these originals."""
    rows = ProductImage.objects.exclude(original="").order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=cursor)
    photos = list(rows[:BATCH])
    removed = freed = 0
    notes: list[str] = []
    for photo in photos:
        try:
            bytes_less = _clean(photo, dry_run=dry_run)
        except (ImageRefused, ObjectMissing, ObjectArchived) as error:
            notes.append(_note(photo, error))
        else:
            removed += bytes_less is not None
            freed += bytes_less or 0
    cursor = str(photos[-1].pk) if len(photos) == BATCH else ""
    return Batch(cursor, looked_at=len(photos), removed=removed, freed_bytes=freed, notes=tuple(notes))


def _clean(photo: ProductImage, *, dry_run: bool) -> int | None:
    """Put a clean original in the place of one with metadata. Return the bytes freed, None for none."""
    old = str(photo.original.name)
    content = read(old)
    cleaned = clean(content)
    if cleaned == content:
        return None
    if dry_run:
        return 0
    try:
        with new_files() as store:
            new = store("originals", cleaned, old.rpartition(".")[2])
            if not ProductImage.objects.filter(pk=photo.pk, original=old).update(original=new):
                raise RowChanged
    except RowChanged:
        return None
    return discard(old) - len(cleaned)


def _note(photo: ProductImage, error: DomainError) -> str:
    return _("The original of photo %(id)s was left as it is: %(code)s.") % {
        "id": photo.pk,
        "code": error.code,
    }
