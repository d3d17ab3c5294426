"""Erasure of a photo on request: its files, what was made with it, and what it was called.

The row stays, with its id and the jobs that point at it, so that the money's history stays whole. Each job is
one short transaction. An erasure that was cut off half-way is finished by the next one.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q

from config.core.snapshots import outdate_after_commit
from config.core.storage import discard_after_commit
from config.shops.abilities import Ability
from config.shops.callers import Caller, NotAllowed
from models_library.models import ModelImage
from models_library.services import model_image_forget
from results.feedback import feedback_forget_comments
from results.models import TryOnResult
from results.services import results_remove
from tryon.engine import actions
from tryon.models import ProductImage, TryOnJob
from tryon.selectors import jobs_to_erase
from tryon.services.products import product_image_forget

logger = structlog.stdlib.get_logger(__name__)

BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Erased:
    """The numbers of jobs erased, of those canceled under way, and of results.

    ``left`` is the number of jobs left to others, who asked for them with their own copy of the photo.
    """

    jobs: int = 0
    canceled: int = 0
    results: int = 0
    left: int = 0


def photo_erase(photo: ProductImage | ModelImage, caller: Caller) -> Erased:
    """Erase a photo and what was made with it. It is safe to repeat. Raise NotAllowed.

    A caller may erase their own uploads. Any other photo needs the ability. Files that the store does not
    delete now are left to the cleanup.
    """
    own = isinstance(photo, ProductImage) and photo.requester == caller.requester
    if not (own or caller.may(Ability.ERASE_PHOTOS)):
        raise NotAllowed
    # First the photo: from now on no job can begin with it.
    forget = product_image_forget if isinstance(photo, ProductImage) else model_image_forget
    forget(photo.pk)
    done: Counter[str] = Counter()
    while jobs := jobs_to_erase(photo, most=BATCH):
        for job_id in jobs:
            done += _erase_job(job_id, photo, by=caller.requester)
    _forget_name(photo)
    logger.info("photo_erased", kind=photo._meta.model_name, photo=str(photo.pk), **done)
    return Erased(**done)


def _erase_job(job_id: UUID, photo: ProductImage | ModelImage, *, by: str) -> Counter[str]:
    """Erase one job, or leave it to those who asked for it with another photo. Return what was done."""
    with transaction.atomic():
        actions.lock(TryOnJob(pk=job_id))
        job = TryOnJob.objects.filter(pk=job_id).first()
        if job is None or job.is_erased:
            return Counter()
        if isinstance(photo, ProductImage) and _leave_to_others(job, photo):
            return Counter(left=1)
        canceled = actions.cancel(job, by=by)
        results = list(TryOnResult.objects.filter(job=job).select_for_update())
        keys = results_remove(results)
        keys += actions.erase(job, by=by)
        feedback_forget_comments(job.pk)
        discard_after_commit(*keys)
    return Counter(jobs=1, canceled=int(canceled), results=len(results))


def _leave_to_others(job: TryOnJob, photo: ProductImage) -> bool:
    """Let those go who asked for the picture with this photo, if others asked for it with their own copy."""
    others = job.viewers.filter(product_image__isnull=False, left_at=None).exclude(product_image=photo)
    other = others.exclude(product_image__processed="").select_related("product_image").order_by("pk").first()
    if other is None or other.product_image is None:
        return False
    theirs = Q(product_image=photo)
    if job.product_image_id == photo.pk:
        actions.change_photo(job, other.product_image)
        theirs |= Q(product_image=None)  # of an earlier release: they saw the job's photo
    leaving = job.viewers.filter(theirs)
    feedback_forget_comments(job.pk, list(leaving.values_list("requester", flat=True)))
    leaving.delete()
    outdate_after_commit([job.pk])
    return True


def _forget_name(photo: ProductImage | ModelImage) -> None:
    """Take the photo's name from the admin's history, and a row that nothing points at from its table."""
    opts = photo._meta
    LogEntry.objects.filter(
        content_type__app_label=opts.app_label, content_type__model=opts.model_name, object_id=str(photo.pk)
    ).update(object_repr="")
    if isinstance(photo, ProductImage):
        ProductImage.objects.filter(pk=photo.pk, jobs=None, viewers=None).delete()
    else:
        ModelImage.objects.filter(pk=photo.pk, jobs=None).delete()
