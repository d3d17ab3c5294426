"""Erasure of all that is kept of a shopper, and the later check that the store has none of it.

Each step notes the keys of its objects in the transaction that takes them from their rows. So an erasure that
takes long, or was cut off, goes on where it ended, and its receipt misses nothing.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from django.db import transaction

from config.core import clock
from config.core.http.idempotency.once import forget_requests_of
from config.core.snapshots import outdate_after_commit
from config.core.storage import ObjectArchived, ObjectMissing, discard, look_at
from config.core.upkeep.runs import Batch
from config.shops.callers import Caller
from results.feedback import feedback_forget_requester
from results.pages import outdate_pages, outdate_pages_of
from tryon.archive.keeping import photo_forget, viewer_forget
from tryon.cleanup.erasing import erase_job, erase_locked, job_locked
from tryon.cleanup.photos import product_image_forget
from tryon.cleanup.shoppers import shopper_photo_forget
from tryon.cleanup.signals import shopper_erased
from tryon.engine import actions
from tryon.models import Erasure, JobViewer, ProductImage, ShopperPhoto
from tryon.selectors.erasing import jobs_to_erase

logger = structlog.stdlib.get_logger(__name__)

BATCH: Final = 50
SECONDS: Final = 10.0
# The owner of an erased shopper's photos. They are nobody's, and not the catalogue's.
NOBODY: Final = "erased"


def shopper_erasures(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Go on with erasures that were cut off, and ask the store for the objects of those that are done."""
    if dry_run:
        return Batch("", looked_at=Erasure.objects.filter(verified_at=None).count())
    unfinished = Erasure.objects.filter(erased_at=None).order_by("pk").first()
    if unfinished is not None:
        erase_for_a_while(unfinished, seconds=SECONDS)
        return Batch("next")
    open_ones = Erasure.objects.filter(verified_at=None, erased_at__isnull=False).order_by("pk")
    if cursor not in ("", "next"):
        open_ones = open_ones.filter(pk__gt=cursor)
    erasure = open_ones.first()
    if erasure is None:
        return Batch("")
    return Batch(str(erasure.pk), looked_at=len(erasure.keys), removed=int(_verify(erasure)))


def erase_for_a_while(erasure: Erasure, *, seconds: float) -> bool:
    """Erase rows of the shopper and their objects. Return whether all are gone."""
    deadline = time.monotonic() + seconds
    for _ in _steps(erasure):
        if time.monotonic() > deadline:
            return False
    now, shopper = clock.now(), erasure.shopper
    with transaction.atomic():
        is_first = Erasure.objects.filter(pk=erasure.pk, erased_at=None).update(erased_at=now, shopper="")
        erasure.erased_at, erasure.shopper = now, ""
        if is_first:
            shopper_erased.send(Erasure, erasure=erasure, shopper=shopper)
    logger.info("shopper_erased", erasure=str(erasure.pk), **erasure.counts)
    return True


def _steps(erasure: Erasure) -> Iterator[None]:
    """Erase piece by piece: first the photos, so that no job can begin with them."""
    shopper = erasure.shopper
    for photo_id in list(ShopperPhoto.objects.filter(requester=shopper).values_list("pk", flat=True)):
        with transaction.atomic():
            _note(erasure, Counter(photos=1), shopper_photo_forget(photo_id))
        yield
    while jobs := list(JobViewer.objects.filter(requester=shopper).values_list("job", flat=True)[:BATCH]):
        for job_id in jobs:
            _leave(job_id, erasure)
            yield
    with transaction.atomic():
        _note(erasure, Counter(jobs=viewer_forget(Caller(shopper, shop=erasure.shop))), ())
    for upload in ProductImage.objects.filter(requester=shopper):
        yield from _erase_upload(upload, erasure)
    feedback_forget_requester(shopper, new_name=lambda: f"{NOBODY}:{uuid4()}")
    forget_requests_of(shopper)
    outdate_pages_of([shopper])


def _leave(job_id: UUID, erasure: Erasure) -> None:
    """Erase a job of the shopper's, or take the shopper from one that others wait for or have too."""
    shopper = erasure.shopper
    with transaction.atomic():
        job = job_locked(job_id)
        if job is None:
            return
        outdate_pages([job_id])
        outdate_after_commit([job_id])
        viewers = JobViewer.objects.filter(job=job_id)
        leaving = viewers.leaving_with(Caller(shopper, shop=erasure.shop))
        others = viewers.filter(left_at=None).exclude(pk__in=leaving.values("pk"))
        if job.is_private or not others.exists():
            if not job.is_erased:
                _note(erasure, *erase_locked(job, by=erasure.shop))
        else:
            feedback_forget_requester(shopper, new_name=lambda: f"{NOBODY}:{uuid4()}", job_id=job_id)
            leaving.filter(via_shopper=True).update(left_at=clock.now())
            _note(erasure, Counter(left=1), ())
        viewers.filter(requester=shopper).delete()
        actions.pass_on(job)
        actions.forget_shopper(job, shopper)


def _erase_upload(upload: ProductImage, erasure: Erasure) -> Iterator[None]:
    """Erase a product photo that the shopper uploaded, and what others of the shop made with it."""
    with transaction.atomic():
        _note(erasure, Counter(uploads=1), product_image_forget(upload.pk))
        _note(erasure, Counter(jobs=photo_forget(upload)), ())
    while jobs := jobs_to_erase(upload, most=BATCH):
        for job_id in jobs:
            with transaction.atomic():
                _note(erasure, *erase_job(job_id, upload, by=erasure.shop))
            yield
    ProductImage.objects.filter(pk=upload.pk).update(requester=NOBODY)


def _note(erasure: Erasure, counts: Counter[str], keys: Iterable[str]) -> None:
    """Add to the receipt, in the transaction that has changed the rows."""
    erasure.counts = dict(Counter(erasure.counts) + counts)
    erasure.keys = [*erasure.keys, *keys]
    erasure.objects_found = len(erasure.keys)
    erasure.save(update_fields=["counts", "keys", "objects_found"])


def _verify(erasure: Erasure) -> bool:
    """Ask the store for each object. Return whether it has none, else discard them again.

    Raise StorageUnavailable.
    """
    left = [key for key in erasure.keys if _is_there(key)]
    if left:
        discard(*left)
        return False
    Erasure.objects.filter(pk=erasure.pk).update(verified_at=clock.now(), keys=[])
    return True


def _is_there(key: str) -> bool:
    try:
        look_at(key)
    except ObjectArchived:
        return True
    except ObjectMissing:
        return False
    return True
