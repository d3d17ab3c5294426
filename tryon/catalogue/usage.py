"""Use of photos: the try-ons and results that they gave, and the share that people approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.cache import caches
from django.db.models import Count, Q

from models_library.models import ModelImage
from results.models import Review
from tryon.models import ProductImage, TryOnJob

# A model photo may have tens of thousands of try-ons. Each process counts them once a minute.
REMEMBER_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Usage:
    """The numbers of a photo. ``judged`` are the results that a person has decided on."""

    jobs: int = 0
    results: int = 0
    approved: int = 0
    judged: int = 0

    @property
    def percent(self) -> int | None:
        """Return the approved results in percent of the judged ones, None if none was judged."""
        return round(100 * self.approved / self.judged) if self.judged else None


def usage_of(model: type[ProductImage | ModelImage], photos: Sequence[UUID]) -> dict[UUID, Usage]:
    """Return the usage of each photo of a page, by one grouped query. It may be a minute old."""
    field = "product_image" if model is ProductImage else "model_image"
    names = {f"usage:{field}:{photo}": photo for photo in photos}
    known = {names[name]: found for name, found in caches["process"].get_many(names).items()}
    if missing := [photo for photo in photos if photo not in known]:
        counted = {photo: Usage() for photo in missing} | _counted(field, missing)
        caches["process"].set_many(
            {f"usage:{field}:{photo}": found for photo, found in counted.items()}, REMEMBER_SECONDS
        )
        known |= counted
    return known


def _counted(field: str, photos: Sequence[UUID]) -> dict[UUID, Usage]:
    jobs: Any = TryOnJob.objects.filter(**{f"{field}__in": photos}).order_by().values_list(field)
    judged = Q(result__isnull=False) & ~Q(result__review=Review.PENDING)
    rows = jobs.annotate(
        jobs=Count("pk"),
        results=Count("result"),
        approved=Count("pk", filter=Q(result__review=Review.APPROVED)),
        judged=Count("pk", filter=judged),
    )
    return {photo: Usage(*numbers) for photo, *numbers in rows}
