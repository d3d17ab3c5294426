"""The jobs of an erased photo. Each is erased in one short transaction."""

from collections import Counter
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from config.core.snapshots import outdate_after_commit
from config.core.storage import discard_after_commit
from config.core.upkeep.runs import Batch
from results.feedback import feedback_forget_comments
from results.models import TryOnResult
from results.pages import outdate_pages
from results.services import results_remove
from tryon.engine import actions, governor
from tryon.models import JobViewer, ProductImage, TryOnJob
from tryon.selectors.erasing import (
    Photo,
    copy_at_hand,
    job_of_others,
    jobs_to_erase,
    photos_to_finish,
    viewers_with,
)
from tryon.selectors.photos import photos_asked_with

BATCH: Final = 50


def erasures(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Go on with erasures that were too large for a request, or were cut off."""
    for photo in photos_to_finish():
        jobs = jobs_to_erase(photo, most=BATCH)
        if not dry_run:
            for job_id in jobs:
                erase_job(job_id, photo, by="cleanup")
        return Batch("" if dry_run else "next", looked_at=len(jobs), removed=len(jobs))
    return Batch("")


class Erased(NamedTuple):
    """The numbers of what was erased, and the keys of the objects that are discarded after the commit."""

    counts: Counter[str]
    keys: list[str]


def erase_job(job_id: UUID, photo: Photo, *, by: str) -> Erased:
    """Erase one job, or leave it to those who asked for it with another photo. Return what was done."""
    with transaction.atomic():
        job = job_locked(job_id)
        if job is None or job.is_erased:
            return Erased(Counter(), [])
        if isinstance(photo, ProductImage) and _leave_to_others(job, photo):
            return Erased(Counter(left=1), [])
        theirs = job_of_others(job, photo) if isinstance(photo, ProductImage) else None
        return erase_locked(job, by=by, heir=theirs)


def job_locked(job_id: UUID) -> TryOnJob | None:
    """Lock a job and its account until the transaction ends, and return the job as it is then."""
    job = TryOnJob.objects.filter(pk=job_id).first()
    if job is None:
        return None
    governor.lock(job.account)  # before the job, as everywhere: no attempt takes a prediction over
    actions.lock(job)
    return TryOnJob.objects.filter(pk=job_id).first()


def erase_locked(job: TryOnJob, *, by: str, heir: TryOnJob | None = None) -> Erased:
    """Erase a job that the caller has locked: what it made goes. ``heir`` gets what it has paid for."""
    canceled = actions.cancel(job, by=by)
    if heir is not None:
        actions.leave_paid_pictures(job, heir)  # before the result goes: a rejected picture is not left
    results = list(TryOnResult.objects.filter(job=job).select_for_update())
    keys = results_remove(results)
    keys += filter(None, actions.erase(job, by=by))
    feedback_forget_comments(job.pk)
    discard_after_commit(*keys)
    return Erased(Counter(jobs=1, canceled=int(canceled), results=len(results)), keys)


def _leave_to_others(job: TryOnJob, photo: ProductImage) -> bool:
    """Let those go who asked for the picture with this photo, if others asked for it with their own copy."""
    copy = copy_at_hand(job, but=photo)
    if copy is None:
        return False
    theirs = Q(pk__in=viewers_with(photo).filter(job=job).values("pk"))
    if job.product_image_id == photo.pk:
        actions.change_photo(job, copy)
        theirs |= Q(product_image=None)  # of an earlier release: they saw the job's photo
    outdate_pages([job.pk])
    _keep_shops(job, theirs)
    leaving = JobViewer.objects.filter(pk__in=[viewer.pk for viewer in job.viewers.filter(theirs)])
    feedback_forget_comments(job.pk, list(leaving.values_list("requester", flat=True)))
    leaving.delete()
    actions.pass_on(job)
    outdate_after_commit([job.pk])
    return True


def _keep_shops(job: TryOnJob, theirs: Q) -> None:
    """Let each shop see the job on, with another shopper's photo, if another shopper of it sees it."""
    first = F("left_at").asc(nulls_first=True)
    for shop in job.viewers.filter(theirs, shop=""):
        other = job.viewers.exclude(theirs).filter(shop=shop.requester).order_by(first, "pk").first()
        if other is not None:
            photo = other.product_image_id
            job.viewers.filter(pk=shop.pk).update(
                product_image=photo, left_at=other.left_at, via_shopper=True, asks=0
            )
            shop.note_garments(photos_asked_with(job, other.requester))
