"""Erasure of a photo on request: its files, what was made with it, and what it was called.

The row stays, with its id and the jobs that point at it, so that the money's history stays whole. Each job is
one short transaction. An erasure that takes long, or was cut off, is finished by the cleanup.
"""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

import structlog
from django.contrib.admin.models import LogEntry

from config.people import audit
from config.people.models import Decision
from config.shops.abilities import Ability
from config.shops.callers import Caller, NotAllowed
from models_library.models import ModelImage
from models_library.services import model_image_forget
from tryon.access.photos import owned_by
from tryon.archive.keeping import photo_forget
from tryon.cleanup.erasing import erase_job
from tryon.cleanup.photos import product_image_forget
from tryon.cleanup.shoppers import shopper_photo_forget
from tryon.engine import queue
from tryon.models import ProductImage, ShopperPhoto
from tryon.selectors.erasing import Photo, jobs_to_erase
from tryon.selectors.photos import photos_unused

logger = structlog.stdlib.get_logger(__name__)

BATCH: Final = 200
# A request erases for so long. A popular photo has thousands of results, and a store may take its time.
ERASE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Erased:
    """The numbers of jobs erased, of those canceled under way, and of results.

    ``left`` is the number of jobs left to others, who asked for them with their own copy of the photo.
    ``goes_on``: there are more than a request erases. A worker goes on at once.
    """

    jobs: int = 0
    canceled: int = 0
    results: int = 0
    left: int = 0
    goes_on: bool = False


def photo_erase(photo: Photo, caller: Caller) -> Erased:
    """Erase a photo and what was made with it. It is safe to repeat. Raise NotAllowed.

    A caller may erase their own uploads. Any other photo needs the ability. Files that the store does not
    delete now are left to the cleanup.
    """
    if not (caller.may(Ability.ERASE_PHOTOS) or _is_own(photo, caller)):
        raise NotAllowed
    # First the photo: from now on no job can begin with it.
    match photo:
        case ProductImage():
            product_image_forget(photo.pk)
        case ModelImage():
            model_image_forget(photo.pk)
        case ShopperPhoto():
            shopper_photo_forget(photo.pk)
    audit.note(caller, photo, Decision.ERASE)
    _forget_name(photo)
    done, goes_on = _erase_jobs(photo, by=caller.owner)
    done += Counter(jobs=photo_forget(photo))
    if goes_on:
        queue.enqueue_cleanup("erasures")
    else:
        _remove_if_unused(photo)
    logger.info("photo_erased", kind=photo._meta.model_name, photo=str(photo.pk), goes_on=goes_on, **done)
    return Erased(**done, goes_on=goes_on)


def _is_own(photo: Photo, caller: Caller) -> bool:
    if isinstance(photo, ModelImage):
        return False
    if isinstance(photo, ShopperPhoto):
        return caller.is_shopper and photo.requester == caller.requester
    return ProductImage.objects.filter(owned_by(caller), pk=photo.pk).exists()


def _erase_jobs(photo: Photo, *, by: str) -> tuple[Counter[str], bool]:
    """Erase the photo's jobs for a while. Return what was done, and whether some are left."""
    done: Counter[str] = Counter()
    deadline = time.monotonic() + ERASE_SECONDS
    while jobs := jobs_to_erase(photo, most=BATCH):
        for job_id in jobs:
            if time.monotonic() > deadline:
                return done, True
            done += erase_job(job_id, photo, by=by).counts
    return done, False


def _forget_name(photo: Photo) -> None:
    """Take the photo's name from the admin's history and the audit log, and the names of its files."""
    opts = photo._meta
    if not isinstance(photo, ShopperPhoto):
        photo.uploads.all().delete()
    LogEntry.objects.filter(
        content_type__app_label=opts.app_label, content_type__model=opts.model_name, object_id=str(photo.pk)
    ).update(object_repr="")
    audit.forget(type(photo), [photo.pk])


def _remove_if_unused(photo: Photo) -> None:
    """Remove the row if nothing points at it."""
    if isinstance(photo, ProductImage):
        photos_unused().filter(pk=photo.pk).delete()
    else:
        type(photo)._default_manager.filter(pk=photo.pk, jobs=None).delete()
