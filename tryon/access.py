"""Access to private rows.

Each function raises the same "not found" for a missing row and for another caller's row.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.shops.abilities import Ability
from config.shops.callers import Caller
from models_library.access import ModelImageNotFound
from models_library.models import ModelImage
from models_library.selectors import model_image_hold
from tryon.models import JobViewer, ProductImage, TryOnJob
from tryon.selectors import with_files


class ProductImageNotFound(DomainError):
    code: ClassVar[str] = "product_image_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such product photo. Upload it first, then use its id.")


class JobNotFound(DomainError):
    code: ClassVar[str] = "job_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such job. Check the id, or generate again.")


def product_image_for(caller: Caller, image_id: UUID) -> ProductImage:
    """Return a photo that has its files, the caller's own or the catalogue's. Raise ProductImageNotFound."""
    photos = with_files(ProductImage.objects.all())
    if not caller.may(Ability.USE_ANY_PHOTO):
        photos = photos.filter(Q(requester="") | Q(requester=caller.requester))
    photo = photos.filter(pk=image_id).first()
    if photo is None:
        raise ProductImageNotFound
    return photo


def hold(product: ProductImage, model: ModelImage | None = None) -> None:
    """Keep the files of photos that a job points at from now on, until the transaction ends.

    An erasure or a cleanup locks the photo too: it waits and finds the job, or it was first. Then raise
    ProductImageNotFound or ModelImageNotFound. The lock of a foreign key would come too late, at the commit.
    """
    held = ProductImage.objects.select_for_update(no_key=True).filter(pk=product.pk)
    if not with_files(held).exists():
        raise ProductImageNotFound
    if model is not None and not model_image_hold(model):
        raise ModelImageNotFound


def job_for(caller: Caller, job_id: UUID) -> TryOnJob:
    """Return one job with its photos. Raise JobNotFound."""
    job = jobs_for(caller).filter(pk=job_id).select_related("model_image", "product_image").first()
    if job is None:
        raise JobNotFound
    return job


def jobs_for(caller: Caller) -> QuerySet[TryOnJob]:
    """Return the jobs that the caller asked for, or every job for who may see them."""
    jobs = TryOnJob.objects.all()
    if caller.may(Ability.SEE_ALL_JOBS):
        return jobs
    # Not a join: SQLite would sort all jobs of the caller for one page.
    own = JobViewer.objects.filter(job=OuterRef("pk"), requester=caller.requester)
    return jobs.filter(Exists(own))
