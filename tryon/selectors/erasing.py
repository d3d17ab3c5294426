"""Queries on what goes with an erased photo, and on what stays for others."""

from collections.abc import Iterator
from typing import TypedDict
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from models_library.models import ModelImage
from results.models import TryOnResult
from tryon.models import (
    ACTIVE,
    ERASED,
    JobViewer,
    ProductImage,
    ShopperPhoto,
    TryOnJob,
    ViewerGarment,
)

type Photo = ProductImage | ModelImage | ShopperPhoto


class EraseCounts(TypedDict):
    jobs: int
    active: int
    results: int
    left: int


def jobs_to_erase(photo: Photo, *, most: int) -> list[UUID]:
    """Return ids of jobs made with a photo, or asked for with it, that are not erased."""
    field = {ProductImage: "product_image", ModelImage: "model_image"}.get(type(photo), "shopper_photo")
    made = TryOnJob.objects.filter(**{field: photo}).exclude(cache_key__startswith=ERASED).order_by("pk")
    ids = list(made.values_list("pk", flat=True)[:most])
    if not ids and isinstance(photo, ProductImage):
        asked = viewers_with(photo).exclude(job__cache_key__startswith=ERASED)
        ids = list(asked.order_by("pk").values_list("job_id", flat=True)[:most])
    return ids


def photos_to_finish() -> Iterator[Photo]:
    """Return the erased photos of which jobs are left to erase."""
    left = TryOnJob.objects.exclude(cache_key__startswith=ERASED)
    asked = JobViewer.objects.filter(product_image=OuterRef("pk"), job__in=left)
    worn = ViewerGarment.objects.filter(product_image=OuterRef("pk"), viewer__job__in=left)
    made = left.filter(product_image=OuterRef("pk"))
    yield from ProductImage.objects.filter(Exists(made) | Exists(asked) | Exists(worn), product_id="")
    yield from ModelImage.objects.filter(Exists(left.filter(model_image=OuterRef("pk"))), name="")
    yield from ShopperPhoto.objects.filter(Exists(left.filter(shopper_photo=OuterRef("pk"))), processed="")


def counts_to_erase(photo: ProductImage | ModelImage) -> EraseCounts:
    """Return the numbers of jobs and results that go with a photo, and of jobs that stay for others."""
    going, staying = _jobs_going(photo), _jobs_of(photo).filter(_others_have_a_copy(photo))
    return {
        "jobs": going.count(),
        "active": going.filter(status__in=ACTIVE).count(),
        "results": results_to_erase(photo).count(),
        "left": staying.count() if isinstance(photo, ProductImage) else 0,
    }


def results_to_erase(photo: ProductImage | ModelImage) -> QuerySet[TryOnResult]:
    """Return the results that go with a photo, newest first."""
    return TryOnResult.objects.filter(job__in=_jobs_going(photo).order_by().values("pk"))


def results_to_show(photo: ProductImage | ModelImage) -> QuerySet[TryOnResult]:
    """Return ``results_to_erase`` with their photos, without those that only their shopper sees."""
    results = results_to_erase(photo).filter(job__shopper_photo=None)
    return results.select_related("job__product_image", "job__model_image")


def copy_at_hand(job: TryOnJob, *, but: ProductImage) -> ProductImage | None:
    """Return the first photo of somebody who waits for the job, and asked with files other than ``but``."""
    viewers = _with_other_photos(but).filter(job=job).select_related("product_image").order_by("pk")
    viewer = viewers.first()
    return None if viewer is None else viewer.product_image


def job_of_others(job: TryOnJob, photo: ProductImage) -> TryOnJob | None:
    """Return the latest ended attempt at a job's recipe that others asked for with a copy of the photo.

    It has no picture. None if there is no such attempt.
    """
    attempts = TryOnJob.objects.filter(_others_have_a_copy(photo), cache_key=job.cache_key, result=None)
    return attempts.exclude(pk=job.pk).exclude(status__in=ACTIVE).order_by("-created_at").first()


def viewers_with(photo: ProductImage) -> QuerySet[JobViewer]:
    """Return the viewers who asked for a job with a photo, whichever garment it shows."""
    garments = ViewerGarment.objects.filter(product_image=photo)
    return JobViewer.objects.filter(Q(product_image=photo) | Q(pk__in=garments.values("viewer")))


def _jobs_going(photo: ProductImage | ModelImage) -> QuerySet[TryOnJob]:
    jobs = _jobs_of(photo)
    return jobs.exclude(_others_have_a_copy(photo)) if isinstance(photo, ProductImage) else jobs


def _jobs_of(photo: ProductImage | ModelImage) -> QuerySet[TryOnJob]:
    jobs = TryOnJob.objects.exclude(cache_key__startswith=ERASED)
    if isinstance(photo, ModelImage):
        return jobs.filter(model_image=photo)
    return jobs.filter(Q(product_image=photo) | Q(pk__in=viewers_with(photo).values("job")))


def _others_have_a_copy(photo: ProductImage | ModelImage) -> Exists:
    """Return the condition that somebody asked for a job with other photos than this one."""
    return Exists(_with_other_photos(photo).filter(job=OuterRef("pk")))


def _with_other_photos(photo: ProductImage | ModelImage) -> QuerySet[JobViewer]:
    """Return the viewers who wait for a job, and asked for it without this photo. Theirs have files."""
    viewers = JobViewer.objects.filter(product_image__isnull=False, left_at=None)
    gone = ViewerGarment.objects.filter(Q(product_image=photo.pk) | Q(product_image__processed=""))
    others = viewers.exclude(product_image=photo.pk).exclude(product_image__processed="")
    return others.filter(~Exists(gone.filter(viewer=OuterRef("pk"))))
