"""Queries on the library."""

from uuid import UUID

from django.db.models import Q, QuerySet

from config.core.images import is_alike
from models_library.models import ModelImage


def model_image_list(
    *, category: str = "", search: str = "", include_retired: bool = False
) -> QuerySet[ModelImage]:
    """Return model photos, newest first, by category and by words in the name or the tags."""
    photos = with_files(ModelImage.objects.all())
    if not include_retired:
        photos = photos.filter(is_active=True)
    if category:
        photos = photos.filter(category=category)
    for word in search.replace("\0", " ").split():  # PostgreSQL refuses NUL
        photos = photos.filter(Q(name__icontains=word) | Q(tags__icontains=word))
    return photos


def with_files(photos: QuerySet[ModelImage]) -> QuerySet[ModelImage]:
    """Return the photos that are not erased."""
    return photos.exclude(image="")


def model_image_find(photo_id: UUID) -> ModelImage | None:
    """Return a model photo, retired or not, or None. An erased one is not found."""
    return with_files(ModelImage.objects.filter(pk=photo_id)).first()


def model_image_hold(photo: ModelImage) -> bool:
    """Keep a photo from being erased until the transaction ends. Return False if it has been."""
    held = ModelImage.objects.select_for_update(no_key=True).filter(pk=photo.pk)
    return with_files(held).exists()


def model_image_alike(fingerprint: str) -> UUID | None:
    """Return the id of the oldest photo that looks the same, retired or not, or None."""
    stored = ModelImage.objects.exclude(fingerprint="").order_by("created_at", "id")
    rows = stored.values_list("pk", "fingerprint")
    return next((number for number, other in rows.iterator() if is_alike(other, fingerprint)), None)


def model_image_with_checksum(checksum: str) -> ModelImage | None:
    """Return the photo made from the same file, or None."""
    return ModelImage.objects.filter(checksum=checksum).order_by("created_at").first()
