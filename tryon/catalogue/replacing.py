"""The replacement of a photo: the new one takes its place, and the old one is retired with its results."""

from typing import Any, BinaryIO, ClassVar, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.core.images import ImageWarning
from config.core.snapshots import outdate_after_commit
from config.core.storage import discard_after_commit, new_files, read
from config.people.audit import note
from config.people.models import Decision
from models_library.models import LIBRARY, ModelImage
from models_library.services import file_keys, model_image_create, model_image_update
from tryon.catalogue.models import PhotoReplacement, Product
from tryon.catalogue.services import photo_add, photo_update
from tryon.models import ProductImage

# What the successor of a model photo keeps of it, beside its name and description.
TERMS: Final = ("release_territory", "release_from", "release_until", "is_ai_made")
# What a successor is made with. It takes a while: somebody may change it before its end.
KEPT: Final[dict[type[Any], tuple[str, ...]]] = {
    ProductImage: ("product_id", "category", "view", "tags", "metadata"),
    ModelImage: ("name", "category", "tags", "release_file", *TERMS),
}


class PhotoReplaced(DomainError):
    code: ClassVar[str] = "photo_replaced"
    status: ClassVar[int] = 409
    message: Any = _("This photo is retired, or somebody else has replaced it. Open the photo in use.")


class PhotoChanged(DomainError):
    code: ClassVar[str] = "photo_changed"
    status: ClassVar[int] = 409
    message: Any = _("Somebody has just changed this photo, so nothing was replaced. Send the new one again.")


def product_photo_replace(
    photo: ProductImage, file: BinaryIO, person: User
) -> tuple[ProductImage, tuple[ImageWarning, ...]]:
    """Put a new photo in the place of one of the catalogue. Return it and the warnings about it.

    It gets the old one's product, view, category and tags, and is the product's source if the old one was.
    Raise PhotoReplaced, PhotoChanged, ProductImageDuplicate and what ``product_image_create`` raises.
    """
    if not photo.is_active or photo.requester:
        raise PhotoReplaced
    described = {"category": photo.category, "view": photo.view, "tags": photo.tags}
    new, warnings = photo_add(file=file, product_id=photo.product_id, metadata=photo.metadata, **described)
    try:
        with transaction.atomic():
            _retire_product_photo(photo, new)
            note(person, photo, Decision.REPLACE, by=str(new.pk))
    except (PhotoReplaced, PhotoChanged):
        keys = [file.name for file in (new.original, new.processed, new.thumbnail) if file.name]
        with transaction.atomic():
            new.delete()
            discard_after_commit(*keys)
        raise
    return new, warnings


def _retire_product_photo(photo: ProductImage, new: ProductImage) -> None:
    """Let the new photo stand where the old one stood. Raise PhotoReplaced and PhotoChanged."""
    _require_unchanged(photo)
    photo.is_active = False
    photo_update(photo, ["is_active"])
    Product.objects.filter(source_photo=photo).update(source_photo=new)
    PhotoReplacement.objects.filter(new=photo).update(new=new)
    PhotoReplacement.objects.create(old=photo, new=new)


def model_photo_replace(
    photo: ModelImage, file: BinaryIO, person: User
) -> tuple[ModelImage, tuple[ImageWarning, ...]]:
    """Put a new model photo in the place of one. Return it and the warnings about it.

    It gets the old one's name, category, tags and release: the same person has agreed. Raise PhotoReplaced,
    PhotoChanged, ModelImageDuplicate and what ``model_image_create`` raises.
    """
    if not photo.is_active:
        raise PhotoReplaced
    paper = read(photo.release_file.name) if photo.release_file.name else None
    # Retired until its release is there: nobody uses it on other terms.
    new, warnings = model_image_create(
        file=file, name=photo.name, category=photo.category, tags=photo.tags, is_active=False
    )
    try:
        with new_files() as store:
            if paper is not None:
                extension = str(photo.release_file.name).rpartition(".")[2]
                new.release_file = store("releases", paper, extension)
            with transaction.atomic():
                _retire_model_photo(photo, new)
                note(person, photo, Decision.REPLACE, by=str(new.pk))
    except (PhotoReplaced, PhotoChanged):
        with transaction.atomic():
            discard_after_commit(*file_keys(ModelImage.objects.get(pk=new.pk)))
            new.delete()
        raise
    return new, warnings


def _retire_model_photo(photo: ModelImage, new: ModelImage) -> None:
    """Let the new photo stand where the old one stood. Raise PhotoReplaced and PhotoChanged."""
    _require_unchanged(photo)
    ModelImage.objects.filter(pk=photo.pk).update(is_active=False, replaced_by=new)
    ModelImage.objects.filter(replaced_by=photo).update(replaced_by=new)
    for field in TERMS:
        setattr(new, field, getattr(photo, field))
    new.save(update_fields=[*TERMS, "release_file"])
    model_image_update(new, is_active=True)
    outdate_after_commit([LIBRARY])


def _require_unchanged(photo: ProductImage | ModelImage) -> None:
    """Lock a photo's row. Raise PhotoReplaced if it is retired, and PhotoChanged for one that was changed."""
    model: Any = type(photo)
    held = model.objects.select_for_update().filter(pk=photo.pk, is_active=True).first()
    if held is None:
        raise PhotoReplaced
    if any(getattr(held, field) != getattr(photo, field) for field in KEPT[model]):
        raise PhotoChanged
