"""Queries on the library."""

from datetime import date
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from config.core import clock
from config.core.images import is_alike
from models_library.models import RELEASE_NOTICE, ModelImage, ReleaseState


def model_image_list(
    *, category: str = "", search: str = "", include_retired: bool = False
) -> QuerySet[ModelImage]:
    """Return model photos, newest first, by category and by words in the name or the tags.

    ``include_retired``: also those that can't be used now, retired or outside of their release.
    """
    photos = with_files(ModelImage.objects.all())
    if not include_retired:
        photos = photos.filter(released_on(clock.today()), is_active=True)
    if category:
        photos = photos.filter(category=category)
    for word in search.replace("\0", " ").split():  # PostgreSQL refuses NUL
        photos = photos.filter(Q(name__icontains=word) | Q(tags__icontains=word))
    return photos


def released_on(day: date) -> Q:
    """Return the condition of photos whose release allows their use on a day."""
    allowed = Q(release_from=None) | Q(release_from__lte=day)
    allowed &= Q(release_until=None) | Q(release_until__gte=day)
    if settings.RELEASES_REQUIRED:
        allowed &= ~Q(release_file="") | Q(is_ai_made=True)
    return allowed


def in_release_state(state: str, day: date) -> Q:
    """Return the condition of photos whose release is in a state on a day, as ``release_state`` says."""
    soon = day + RELEASE_NOTICE
    ended, later = Q(release_until__lt=day), Q(release_from__gt=day)
    ends_soon = Q(release_until__gte=day, release_until__lte=soon)
    nothing = Q(release_file="", is_ai_made=False, release_from=None, release_until=None)
    others = (Q(release_until=None) | Q(release_until__gt=soon)) & (
        Q(release_from=None) | Q(release_from__lte=day)
    )
    return {
        ReleaseState.ENDED: ended,
        ReleaseState.LATER: later & (Q(release_until=None) | Q(release_until__gte=day)),
        ReleaseState.SOON: ends_soon & (Q(release_from=None) | Q(release_from__lte=day)),
        ReleaseState.NONE: nothing,
        ReleaseState.VALID: others & ~nothing,
    }[ReleaseState(state)]


def releases_ending(by: date) -> QuerySet[ModelImage]:
    """Return the photos whose release has ended by a day or ends on it, the first to end first."""
    return with_files(ModelImage.objects.filter(release_until__lte=by)).order_by(
        "release_until", "name", "id"
    )


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
