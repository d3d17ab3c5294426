"""Queries on product photos and on photos of shoppers."""

from datetime import datetime
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When

from tryon.models import (
    ACTIVE,
    ProductImage,
    ShopperPhoto,
    TryOnJob,
    ViewerGarment,
)


def catalogue() -> QuerySet[ProductImage]:
    """Return the shop's own product photos, which every caller may use."""
    return ProductImage.objects.filter(requester="")


def photos_in_use(now: datetime) -> QuerySet[ShopperPhoto]:
    """Return the shoppers' photos that are there and have not expired."""
    return ShopperPhoto.objects.filter(expires_at__gt=now).exclude(processed="")


def with_files(photos: QuerySet[ProductImage]) -> QuerySet[ProductImage]:
    """Return the photos whose files have not been cleaned up."""
    return photos.exclude(processed="")


def product_image_twin(product_id: str, requester: str, checksum: str, photo_id: UUID) -> ProductImage | None:
    """Return the requester's photo of this product made from the same file, or None.

    Of several, return the one with the id, or the oldest.
    """
    photos = ProductImage.objects.filter(checksum=checksum, product_id=product_id, requester=requester)
    others = Case(When(pk=photo_id, then=0), default=1)
    return with_files(photos).order_by(others, "created_at", "id").first()


def garment_photos(job: TryOnJob, position: int) -> QuerySet[ProductImage]:
    """Return the viewers' photos of one further garment of a job, which show the same and have files."""
    asked = Q(viewer_garments__viewer__job=job, viewer_garments__position=position)
    return with_files(ProductImage.objects.filter(asked)).order_by(
        F("viewer_garments__viewer__left_at").desc(nulls_first=True), "viewer_garments__pk"
    )


def photos_asked_with(job: TryOnJob, requester: str) -> list[ProductImage]:
    """Return the photos of a job's garments as the requester asked for it, else those of another viewer."""
    viewers = job.viewers.order_by("left_at", "pk").select_related("product_image")
    own = viewers.filter(requester=requester).first()
    first = job.product_image if own is None or own.product_image is None else own.product_image
    if not job.is_outfit:
        return [first]
    further = ViewerGarment.objects.filter(viewer=own or viewers.first()).order_by("position")
    return [first, *(garment.product_image for garment in further.select_related("product_image"))]


def uploads_without_jobs(*, before: datetime) -> QuerySet[ProductImage]:
    """Return the photos that a storefront uploaded before a time and nobody tried on."""
    unused = photos_unused().filter(created_at__lt=before)
    return unused.exclude(requester="")


def photos_unused() -> QuerySet[ProductImage]:
    """Return the photos that no job and no viewer points at."""
    return ProductImage.objects.filter(jobs=None, viewers=None, viewer_garments=None)


def uploads_spent(*, before: datetime) -> QuerySet[ProductImage]:
    """Return a storefront's uploads from before a time whose try-ons ended before it and have no result."""
    needed = Q(status__in=ACTIVE) | Q(updated_at__gte=before) | Q(result__isnull=False)
    own = TryOnJob.objects.filter(product_image=OuterRef("pk"))
    shared = TryOnJob.objects.filter(viewers__product_image=OuterRef("pk"))
    worn = TryOnJob.objects.filter(viewers__garments__product_image=OuterRef("pk"))
    photos = ProductImage.objects.filter(
        Exists(own) | Exists(shared) | Exists(worn),
        ~Exists(own.filter(needed)),
        ~Exists(
            TryOnJob.objects.filter(needed, viewers__product_image=OuterRef("pk"), viewers__left_at=None)
        ),
        ~Exists(
            TryOnJob.objects.filter(
                needed, viewers__garments__product_image=OuterRef("pk"), viewers__left_at=None
            )
        ),
        created_at__lt=before,
    )
    return with_files(photos).exclude(requester="")
