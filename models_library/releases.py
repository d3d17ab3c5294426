"""Releases of model photos: the papers by which the people on them allow the use, and the days of it."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Final

from django.db import transaction

from config.core.images import prepare
from config.core.snapshots import outdate_after_commit
from config.core.storage import discard_after_commit, new_files
from models_library.models import LIBRARY, ModelImage

MOST_BYTES: Final = 10_000_000
FIELDS: Final = ("release_file", "release_territory", "release_from", "release_until", "is_ai_made")
# A PDF may have some bytes before its mark, and after its end.
LOOK_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A release that has passed the check: a PDF as it came, or a cleaned picture."""

    content: bytes
    extension: str


@dataclass(frozen=True, slots=True)
class Release:
    """The terms of a release. Both days belong to it, in UTC; None is no limit."""

    territory: str = ""
    begins: date | None = None
    ends: date | None = None
    is_ai_made: bool = False


class NotAPdf(Exception):
    """The file says that it is a PDF and is none, or only a part of one."""


def release_read(file: BinaryIO) -> ReleaseFile:
    """Return a release's file by its content: a PDF, or a picture that was decoded and cleaned.

    Raise NotAPdf and what ``prepare`` raises. The caller has looked at the size.
    """
    file.seek(0)
    head = file.read(LOOK_BYTES)
    if b"%PDF-" not in head:
        picture = prepare(file).processed
        return ReleaseFile(picture.content, picture.extension)
    content = head + file.read()
    if b"%%EOF" not in content[-LOOK_BYTES:]:
        raise NotAPdf
    return ReleaseFile(content, "pdf")


def version_of(photo: ModelImage) -> str:
    """Return a text that changes with the photo's release."""
    values = [str(getattr(photo, field)) for field in FIELDS]
    return hashlib.sha256("\n".join(values).encode()).hexdigest()[:16]


def release_change(
    photo: ModelImage, terms: Release, *, seen: str, file: ReleaseFile | None = None, drop_file: bool = False
) -> bool:
    """Store a photo's release. Return False if somebody has changed it since its version was ``seen``.

    Without a new file the present one stays, unless it is to go. Raise StorageFull and StorageUnavailable.
    """
    with new_files() as store:
        key = store("releases", file.content, file.extension) if file else ""
        with transaction.atomic():
            row = ModelImage.objects.select_for_update().filter(pk=photo.pk).first()
            if row is None or version_of(row) != seen:
                discard_after_commit(key)
                return False
            if key or drop_file:
                discard_after_commit(row.release_file.name or "")
                row.release_file = key
            row.release_territory, row.is_ai_made = terms.territory, terms.is_ai_made
            row.release_from, row.release_until = terms.begins, terms.ends
            row.save(update_fields=FIELDS)
            outdate_after_commit([LIBRARY])
    return True
