"""Into the archive, and out of it: jobs are copied before they go, and forgotten with those who asked."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from config.shops.callers import Caller
from models_library.models import ModelImage
from tryon.archive.models import ArchivedJob, ArchivedViewer
from tryon.models import JobViewer, Prediction, ProductImage, ShopperPhoto, TryOnJob, ViewerGarment


def jobs_keep(job_ids: Sequence[UUID]) -> None:
    """Copy jobs and their viewers. Call it in the transaction that removes them."""
    calls = Prediction.objects.filter(job__in=job_ids).order_by().values_list("job")
    credits = dict(calls.annotate(Sum("credits_used")))
    jobs = TryOnJob.objects.filter(pk__in=job_ids).select_related("product_image", "shopper_photo")
    ArchivedJob.objects.bulk_create(_copy(job, credits.get(job.pk, 0)) for job in jobs)
    ArchivedViewer.objects.bulk_create(_viewers(job_ids))


def viewer_forget(caller: Caller) -> int:
    """Take a shopper from the archive. Jobs that nobody else asked for go. Return their number."""
    own = ArchivedViewer.objects.filter(requester=caller.requester)
    forgotten = 0
    for job in list(ArchivedJob.objects.filter(viewers__in=own)):
        with transaction.atomic():
            viewers = ArchivedJob.objects.select_for_update().get(pk=job.pk).viewers
            viewers.filter(requester=caller.requester).delete()
            if not viewers.filter(
                shop=caller.shop, left_at=None
            ).exists():  # the last shopper of a shop takes it along
                viewers.filter(requester=caller.shop, via_shopper=True).delete()
            forgotten += _forget_unseen(ArchivedJob.objects.filter(pk=job.pk))
    return forgotten


def photo_forget(photo: ProductImage | ModelImage | ShopperPhoto) -> int:
    """Take what was asked for with a photo from the archive. Return the number of jobs that went.

    A job that others asked for with their own copy of a product's photo stays theirs.
    """
    match photo:
        case ModelImage():
            return _forget(ArchivedJob.objects.filter(model_image_id=photo.pk))
        case ShopperPhoto():
            return _forget(ArchivedJob.objects.filter(shopper_photo_id=photo.pk))
        case ProductImage():
            return _product_photo_forget(photo)


def _product_photo_forget(photo: ProductImage) -> int:
    worn = Q(garments__icontains=str(photo.pk))
    with transaction.atomic():
        own = ArchivedJob.objects.filter(product_image_id=photo.pk)
        asked = ArchivedViewer.objects.filter(Q(product_image_id=photo.pk) | worn)
        jobs = {*own.values_list("pk", flat=True), *asked.values_list("job", flat=True)}
        asked.delete()
        ArchivedViewer.objects.filter(job__in=own, product_image_id=None).delete()  # they saw the job's photo
        forgotten = _forget_unseen(ArchivedJob.objects.filter(pk__in=jobs))
        own.update(product_id="")
    return forgotten


def _forget_unseen(jobs: QuerySet[ArchivedJob]) -> int:
    return _forget(jobs.filter(viewers=None))


def _forget(jobs: QuerySet[ArchivedJob]) -> int:
    ids = list(jobs.values_list("pk", flat=True))
    ArchivedJob.objects.filter(pk__in=ids).delete()
    return len(ids)


def _copy(job: TryOnJob, credits: int) -> ArchivedJob:
    own = ("status", "progress", "options", "error_code", "product_image_id", "model_image_id")
    times = ("shopper_photo_id", "requester", "is_test", "created_at", "started_at", "completed_at")
    return ArchivedJob(
        id=job.pk,
        product_id=job.product_image.product_id,
        photo_expires_at=job.shopper_photo.expires_at if job.shopper_photo else None,
        ended_at=job.updated_at,
        credits=credits,
        **{name: getattr(job, name) for name in (*own, *times)},
    )


def _viewers(job_ids: Sequence[UUID]) -> list[ArchivedViewer]:
    garments = defaultdict[int, list[Any]](list)
    worn = ViewerGarment.objects.filter(viewer__job__in=job_ids).order_by("position")
    for viewer, photo, product in worn.values_list("viewer", "product_image", "product_image__product_id"):
        garments[viewer].append([str(photo), product])
    names = ("job_id", "requester", "shop", "via_shopper", "left_at", "product_image_id")
    return [
        ArchivedViewer(
            product_id=viewer.product_image.product_id if viewer.product_image else "",
            garments=garments[viewer.pk],
            **{name: getattr(viewer, name) for name in names},
        )
        for viewer in JobViewer.objects.filter(job__in=job_ids).select_related("product_image")
    ]
