"""Access to photos, and to receipts of their erasure."""

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.core.rows import first_or
from config.shops.abilities import Ability
from config.shops.callers import Caller
from models_library.access import ModelImageNotFound
from models_library.models import ModelImage
from models_library.selectors import model_image_hold
from tryon.models import Erasure, ProductImage, ShopperPhoto
from tryon.selectors.photos import photos_in_use, with_files


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


def product_image_for(caller: Caller, image_id: UUID) -> ProductImage:
    """Return a photo that has its files: the caller's own, their shop's or the catalogue's.

    Raise ProductImageNotFound.
    """
    return first_or(ProductImageNotFound, product_photos_for(caller).filter(pk=image_id))


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
    return first_or(ShopperPhotoNotFound, shopper_photos_for(caller).filter(pk=photo_id))


def shopper_photo_to_erase(caller: Caller, photo_id: UUID) -> ShopperPhoto:
    """Return the shopper's own photo, also one whose erasure was cut off. Raise ShopperPhotoNotFound."""
    photos = ShopperPhoto.objects.filter(requester=caller.requester, pk=photo_id)
    return first_or(ShopperPhotoNotFound, photos if caller.is_shopper else photos.none())


def erasure_for(caller: Caller, erasure_id: UUID) -> Erasure:
    """Return a receipt of the caller's shop, or any for who may erase any photo. Raise ErasureNotFound.

    It names nobody, so the shop and each of its shoppers may see it.
    """
    receipts = Erasure.objects.filter(pk=erasure_id)
    if not caller.may(Ability.ERASE_PHOTOS):
        receipts = receipts.filter(shop=caller.shop)
    return first_or(ErasureNotFound, receipts)


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
