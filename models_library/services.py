"""Changes to the library."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, BinaryIO, ClassVar, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.core.http.idempotency.once import forget_request
from config.core.images import SIMILAR, ImageWarning, prepare
from config.core.snapshots import outdate_after_commit
from config.core.storage import discard_after_commit, new_files
from config.core.upkeep import quota
from models_library.models import LIBRARY, ModelImage
from models_library.selectors import model_image_alike, model_image_with_checksum

EDITABLE: Final = frozenset({"name", "category", "tags", "is_active"})


class ModelImageDuplicate(DomainError):
    code: ClassVar[str] = "model_image_duplicate"
    status: ClassVar[int] = 409
    message: Any = _("The library already has this photo. Use that one, or upload another.")


class ModelImageInUse(DomainError):
    code: ClassVar[str] = "model_image_in_use"
    status: ClassVar[int] = 409
    message: Any = _("Try-ons were made with this photo. Retire it instead of deleting it.")


def model_image_create(
    *,
    file: BinaryIO,
    name: str,
    category: str,
    tags: Iterable[str] = (),
    is_active: bool = True,
    photo_id: UUID | None = None,
) -> tuple[ModelImage, tuple[ImageWarning, ...]]:
    """Check and clean the photo, store it with its thumbnail, and add it to the library.

    Return the row and warnings, also about a photo of the library that looks the same. ``photo_id`` is the id
    of a request that may be repeated: if an earlier attempt has added its photo, return that one. Raise
    ImageRefused for a file that is not a usable picture, ModelImageDuplicate for a photo that the library
    has, StorageFull and StorageUnavailable.
    """
    quota.require_room()
    prepared = prepare(file)
    if twin := model_image_with_checksum(prepared.checksum):
        if twin.pk == photo_id:
            return twin, prepared.warnings
        raise ModelImageDuplicate(details={"id": str(twin.pk)})
    warnings = prepared.warnings
    if alike := model_image_alike(prepared.fingerprint):
        warnings = (*warnings, replace(SIMILAR, photo=str(alike)))
    with new_files() as store:
        photo = ModelImage.objects.create(
            id=photo_id or uuid4(),
            name=name,
            image=store("models", prepared.processed.content, prepared.processed.extension),
            thumbnail=store("models", prepared.thumbnail.content, prepared.thumbnail.extension),
            category=category,
            tags=normalised_tags(tags),
            is_active=is_active,
            width=prepared.processed.width,
            height=prepared.processed.height,
            checksum=prepared.checksum,
            fingerprint=prepared.fingerprint,
        )
    outdate_after_commit([LIBRARY])
    return photo, warnings


def model_image_update(photo: ModelImage, **changes: Any) -> ModelImage:
    """Change name, category, tags or is_active."""
    if unknown := changes.keys() - EDITABLE:
        raise TypeError(f"not editable: {sorted(unknown)}")
    if "tags" in changes:
        changes["tags"] = normalised_tags(changes["tags"])
    for field, value in changes.items():
        setattr(photo, field, value)
    photo.save(update_fields=[*changes])
    outdate_after_commit([LIBRARY])
    return photo


def model_image_delete(photo: ModelImage) -> None:
    """Remove a photo and its files. Raise ModelImageInUse if a job points at it."""
    keys = file_keys(photo)
    try:
        photo.delete()
    except ProtectedError as used:
        raise ModelImageInUse from used
    outdate_after_commit([LIBRARY])
    discard_after_commit(*keys)


def model_image_forget(photo_id: UUID) -> None:
    """Remove all that an erased photo shows: its files, its release, its name, its tags and fingerprints.

    A job that is being made points at the row: one that came first is committed when this returns.
    """
    with transaction.atomic():
        row = ModelImage.objects.select_for_update().filter(pk=photo_id).first()
        if row is None:
            return
        forget_request(photo_id)
        discard_after_commit(*file_keys(row))
        texts = ("name", "image", "thumbnail", "checksum", "fingerprint", "release_file", "release_territory")
        nothing = dict.fromkeys(texts, "")
        ModelImage.objects.filter(pk=photo_id).update(is_active=False, tags=[], **nothing)
        outdate_after_commit([LIBRARY])


def file_keys(photo: ModelImage) -> list[str]:
    """Return the keys of all files that a photo's row names."""
    return [file.name for file in (photo.image, photo.thumbnail, photo.release_file) if file.name]


def normalised_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags in lower case, trimmed, without repeats, in the given order."""
    return list(dict.fromkeys(cleaned for tag in tags if (cleaned := " ".join(tag.lower().split()))))
