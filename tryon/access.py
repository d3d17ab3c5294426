"""Access to private rows.

Each function raises the same "not found" for a missing row and for another caller's row.
"""

import functools
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypedDict
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.core.few import narrowed
from config.core.prepared import Parameter, Prepared
from config.shops.abilities import Ability
from config.shops.callers import Caller
from models_library.access import ModelImageNotFound
from models_library.models import ModelImage
from models_library.selectors import model_image_hold
from tryon.models import (
    Account,
    Erasure,
    JobViewer,
    ProductImage,
    ShopperPhoto,
    Status,
    TryOnJob,
    ViewerGarment,
)
from tryon.selectors.photos import photos_in_use, with_files

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Shown(TypedDict):
        shown_product_image: UUID
        shown_product_id: str
        seen_viewer: int | None
        sees_shoppers: bool
        photo_expires_at: datetime | None
        shown_status: str
        left_at: datetime | None

    ShownJob = WithAnnotations[TryOnJob, Shown]

# Who leaves after the end gives the result up. Who leaves before it has canceled.
LEFT_EARLY: Final = Q(seen__left_at__isnull=False) & (
    Q(completed_at=None) | Q(seen__left_at__lt=F("completed_at"))
)
STAYED: Final = Q(seen__left_at=None) | Q(seen__left_at__gte=F("completed_at"))


class ProductImageNotFound(DomainError):
    code: ClassVar[str] = "product_image_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such product photo. Upload it first, then use its id.")


class ShopperPhotoNotFound(DomainError):
    code: ClassVar[str] = "shopper_photo_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such photo of this shopper, or it has expired. Upload it again.")


class ShopperNeeded(DomainError):
    code: ClassVar[str] = "shopper_needed"
    status: ClassVar[int] = 403
    message: Any = _(
        "A photo of a shopper belongs to that shopper. Send X-Shopper-Id with a secret key, or a visitor's "
        "token."
    )


class ErasureNotFound(DomainError):
    code: ClassVar[str] = "erasure_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such receipt. Check the id.")


class JobNotFound(DomainError):
    code: ClassVar[str] = "job_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such job. Check the id, or generate again.")


def product_image_for(caller: Caller, image_id: UUID) -> ProductImage:
    """Return a photo that has its files: the caller's own, their shop's or the catalogue's.

    Raise ProductImageNotFound.
    """
    photo = product_photos_for(caller).filter(pk=image_id).first()
    if photo is None:
        raise ProductImageNotFound
    return photo


def product_photos_for(caller: Caller) -> QuerySet[ProductImage]:
    """Return the photos with files that the caller may try on: their own, their shop's, the catalogue's."""
    own = Q(is_test=caller.is_test) if caller.may(Ability.USE_ANY_PHOTO) else owned_by(caller)
    if caller.is_shopper:
        own |= Q(requester=caller.shop)
    return with_files(ProductImage.objects.filter(Q(requester="") | own))


def uploads_for(caller: Caller) -> QuerySet[ProductImage]:
    """Return the photos that the caller uploaded, or every photo for who may use any. Some have no files."""
    photos = ProductImage.objects.filter(is_test=caller.is_test)
    return photos if caller.may(Ability.USE_ANY_PHOTO) else photos.filter(owned_by(caller))


def owned_by(caller: Caller) -> Q:
    """Return the condition for a photo of the caller's: a shop has those of its shoppers too."""
    return Q(shop=caller.shop) if caller.is_shop else Q(requester=caller.requester)


def require_shopper(caller: Caller) -> None:
    """Refuse a caller who is no shopper. Raise ShopperNeeded."""
    if not caller.is_shopper:
        raise ShopperNeeded


def shopper_photos_for(caller: Caller) -> QuerySet[ShopperPhoto]:
    """Return the shopper's photos that are in use: nobody else has any."""
    photos = photos_in_use(clock.now())
    return photos.filter(requester=caller.requester) if caller.is_shopper else photos.none()


def shopper_photo_for(caller: Caller, photo_id: UUID) -> ShopperPhoto:
    """Return the shopper's own photo. Raise ShopperPhotoNotFound."""
    photo = shopper_photos_for(caller).filter(pk=photo_id).first()
    if photo is None:
        raise ShopperPhotoNotFound
    return photo


def shopper_photo_to_erase(caller: Caller, photo_id: UUID) -> ShopperPhoto:
    """Return the shopper's own photo, also one whose erasure was cut off. Raise ShopperPhotoNotFound."""
    photos = ShopperPhoto.objects.filter(requester=caller.requester, pk=photo_id)
    photo = photos.first() if caller.is_shopper else None
    if photo is None:
        raise ShopperPhotoNotFound
    return photo


def erasure_for(caller: Caller, erasure_id: UUID) -> Erasure:
    """Return a receipt of the caller's shop, or any for who may erase any photo. Raise ErasureNotFound.

    It names nobody, so the shop and each of its shoppers may see it.
    """
    receipts = Erasure.objects.filter(pk=erasure_id)
    if not caller.may(Ability.ERASE_PHOTOS):
        receipts = receipts.filter(shop=caller.shop)
    receipt = receipts.first()
    if receipt is None:
        raise ErasureNotFound
    return receipt


def hold(products: Collection[ProductImage], person: ModelImage | ShopperPhoto | None = None) -> None:
    """Keep the files of photos that a job points at from now on, until the transaction ends.

    An erasure or a cleanup locks the photo too: it waits and finds the job, or it was first. Then raise
    ProductImageNotFound, ModelImageNotFound or ShopperPhotoNotFound. The lock of a foreign key would come
    too late, at the commit.
    """
    held = ProductImage.objects.select_for_update(no_key=True).filter(pk__in=[photo.pk for photo in products])
    # In one order, so that two requests for the same garments do not wait for each other.
    if len(with_files(held).order_by("pk").values_list("pk")) < len(products):
        raise ProductImageNotFound
    if isinstance(person, ModelImage) and not model_image_hold(person):
        raise ModelImageNotFound
    if isinstance(person, ShopperPhoto):
        own = photos_in_use(clock.now()).select_for_update(no_key=True)
        if not own.filter(pk=person.pk).exists():
            raise ShopperPhotoNotFound


def job_for(caller: Caller, job_id: UUID) -> "ShownJob":
    """Return one job with its photos. Raise JobNotFound."""
    job = (
        jobs_for(caller)
        .filter(pk=job_id)
        .select_related("model_image", "shopper_photo", "product_image")
        .first()
    )
    if job is None:
        raise JobNotFound
    return job


def account_of(caller: Caller) -> str:
    """Return the account that the caller's jobs run on."""
    return Account.TEST if caller.is_test else Account.LIVE


def jobs_to_show(caller: Caller) -> "QuerySet[ShownJob]":
    """Return the caller's jobs with their results."""
    return jobs_for(caller).select_related("result")


def job_to_show(caller: Caller, job_id: UUID) -> "ShownJob | None":
    """Return one of ``jobs_to_show``, or None. The query is built once for each kind of caller."""
    jobs = _prepared(_sight_of(caller))
    return next(iter(jobs.ask(requester=caller.requester, job=job_id)), None)


@functools.cache
def _prepared(sight: "_Sight") -> "Prepared[ShownJob]":
    requester = Parameter("requester", CharField())
    jobs = _jobs_for(requester, sight).select_related("result")
    return Prepared(jobs.filter(pk=Parameter("job", UUIDField())).order_by())


def jobs_to_list(caller: Caller) -> "QuerySet[ShownJob]":
    """Return ``jobs_to_show`` for a page of a list."""
    jobs = jobs_to_show(caller)
    return (
        jobs
        if caller.may(Ability.SEE_ALL_JOBS)
        else narrowed(jobs, "pk", _seen_by(caller.requester).values("job"))
    )


def jobs_for(caller: Caller) -> "QuerySet[ShownJob]":
    """Return the jobs that the caller asked for, or every job for who may see them.

    Each has its photo and its status as this caller sees them: a job that the caller left is canceled, though
    others wait for it.
    """
    return _jobs_for(caller.requester, _sight_of(caller))


class _Sight(NamedTuple):
    """The parts of a caller on which the query for their jobs depends, besides the requester."""

    sees_all: bool
    is_shopper: bool
    is_test: bool


def _sight_of(caller: Caller) -> _Sight:
    return _Sight(caller.may(Ability.SEE_ALL_JOBS), caller.is_shopper, caller.is_test)


def _jobs_for(requester: str | Parameter, sight: _Sight) -> "QuerySet[ShownJob]":
    jobs = TryOnJob.objects.annotate(
        seen=FilteredRelation("viewers", condition=Q(viewers__requester=requester)),
        # The caller's own photo: the job's may be another caller's.
        shown_product_image=Coalesce(F("seen__product_image"), F("product_image")),
        shown_product_id=Coalesce(F("seen__product_image__product_id"), F("product_image__product_id")),
        seen_viewer=F("seen__pk"),
        # Pictures of a shopper are for the shopper only, whose jobs alone are here.
        sees_shoppers=Value(sight.is_shopper),
        photo_expires_at=F("shopper_photo__expires_at"),
        left_at=Value(None, DateTimeField()) if sight.sees_all else F("seen__left_at"),
        shown_status=F("status")
        if sight.sees_all
        else Case(When(LEFT_EARLY, then=Value(Status.CANCELED.value)), default=F("status")),
    )
    if sight.sees_all:
        of_tests = Q(account=Account.TEST)
        return jobs.filter(of_tests if sight.is_test else ~of_tests)
    # Not a join: SQLite would sort all jobs of the caller for one page.
    return jobs.filter(Exists(_seen_by(requester).filter(job=OuterRef("pk"))))


def _seen_by(requester: str | Parameter) -> QuerySet[JobViewer]:
    return JobViewer.objects.filter(requester=requester)


def jobs_in(jobs: "QuerySet[ShownJob]", caller: Caller, status: str) -> "QuerySet[ShownJob]":
    """Return those of a caller's jobs that have this status for the caller.

    Not by ``shown_status``: PostgreSQL takes its CASE for rare, and sorted all 10,000 queued jobs for a page.
    """
    if caller.may(Ability.SEE_ALL_JOBS):
        return jobs.filter(status=status)
    if status == Status.CANCELED:
        return jobs.filter(Q(status=status) | LEFT_EARLY)
    return jobs.filter(STAYED, status=status)


def jobs_of_photo(jobs: "QuerySet[ShownJob]", caller: Caller, **photo: Any) -> "QuerySet[ShownJob]":
    """Return those of a caller's jobs that were asked for with such a photo."""
    chosen = {f"product_image__{name}": value for name, value in photo.items()}
    viewers, garments = JobViewer.objects.filter(**chosen), ViewerGarment.objects.filter(**chosen)
    if not caller.may(Ability.SEE_ALL_JOBS):
        viewers = viewers.filter(requester=caller.requester)
        garments = garments.filter(viewer__requester=caller.requester)
    # Not two conditions: for those the database would look at each job of the caller.
    return jobs.filter(pk__in=viewers.values("job").union(garments.values("viewer__job")))
