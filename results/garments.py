"""The garments of a try-on as a caller asked for them, in answers about jobs and about results."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, NotRequired, TypedDict
from uuid import UUID

from django.apps import apps
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class GarmentAnswer(TypedDict):
    """One garment of a try-on."""

    productImageId: UUID
    productId: str
    category: NotRequired[Annotated[str, _("Left out if FASHN finds out what the garment is.")]]


class Asked(NamedTuple):
    """A caller's request: the job's options, and the first garment's photo and product.

    ``viewer_id`` is the caller's own row of the job, None for who sees the job without having asked for it.
    """

    job_id: UUID
    viewer_id: int | None
    product_image_id: UUID
    product_id: str
    options: Mapping[str, Any]


class Photo(NamedTuple):
    """A product photo's id, and its product."""

    pk: UUID
    product_id: str


def garments_asked(asked: Sequence[Asked]) -> dict[UUID, list[GarmentAnswer]]:
    """Return the garments of each job in the order of their steps. It asks the database only for outfits."""
    further = _further_photos([row for row in asked if "garments" in row.options])
    return {row.job_id: garments_with(row, further.get(row.job_id, [])) for row in asked}


def options_asked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a job's options as a request has them: it names the garments beside them."""
    return {name: value for name, value in options.items() if name != "garments"}


def garments_with(row: Asked, further: Sequence[Photo]) -> list[GarmentAnswer]:
    """Return the garments of a job in the order of their steps, the further ones with these photos."""
    return list(_garments(row, further))


def _garments(row: Asked, further: Sequence[Photo]) -> Iterable[GarmentAnswer]:
    photos = [Photo(row.product_image_id, row.product_id), *further]
    categories = row.options.get("garments") or [row.options.get("category", "auto")]
    for photo, category in zip(photos, categories, strict=False):  # an erased viewer's photos are gone
        garment: GarmentAnswer = {"productImageId": photo.pk, "productId": photo.product_id}
        if category != "auto":
            garment["category"] = category
        yield garment


def _further_photos(outfits: Sequence[Asked]) -> dict[UUID, list[Photo]]:
    """Return the photos after the first, the caller's own or else those of one of the job's viewers."""
    if not outfits:
        return {}
    own = [row.viewer_id for row in outfits if row.viewer_id is not None]
    others = [row.job_id for row in outfits if row.viewer_id is None]
    garments = apps.get_model("tryon", "ViewerGarment")._default_manager
    rows = garments.filter(Q(viewer__in=own) | Q(viewer__job__in=others)).order_by("viewer", "position")
    found: dict[UUID, dict[int, list[Photo]]] = {}
    for job_id, viewer_id, photo_id, product_id in rows.values_list(
        "viewer__job", "viewer", "product_image", "product_image__product_id"
    ):
        found.setdefault(job_id, {}).setdefault(viewer_id, []).append(Photo(photo_id, product_id))
    return {job_id: next(iter(by_viewer.values())) for job_id, by_viewer in found.items()}
