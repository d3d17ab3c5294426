"""Changes to the catalogue: its photos and its products."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, BinaryIO, Final

from django.db import transaction
from django.db.models import Q

from config.core import clock
from config.core.images import ImageWarning
from tryon.catalogue.models import Product
from tryon.models import ProductImage
from tryon.selectors.photos import catalogue
from tryon.services.products import product_image_create, product_image_update


def _(message: str) -> str:
    """Mark a message for translation and return it unchanged. The page that shows it translates it."""
    return message


FRONT: Final = "front"
# The photos of one upload arrive in any order.
IN_ONE_GO: Final = timedelta(minutes=10)
OTHERS: Final = ImageWarning(
    "image_of_other_product", _("Another product has this photo too. Check the product's number.")
)


def photo_add(
    *, file: BinaryIO, product_id: str, metadata: dict[str, Any] | None = None, **described: Any
) -> tuple[ProductImage, tuple[ImageWarning, ...]]:
    """Take a photo into the catalogue, and make its product if the number is new. Return it and warnings.

    ``described`` may have category, view and tags. Raise as ``product_image_create``.
    """
    photo, warnings = product_image_create(file=file, product_id=product_id, metadata=metadata, **described)
    same = catalogue().filter(checksum=photo.checksum).exclude(product_id=photo.product_id)
    if (other := same.order_by("created_at", "id").first()) is not None:
        warnings = (*warnings, replace(OTHERS, photo=str(other.pk)))
    product_find(photo)
    return photo, warnings


def photo_update(photo: ProductImage, fields: Iterable[str]) -> None:
    """Store the changed fields of a photo. With another number it belongs to another product."""
    with transaction.atomic():
        product_image_update(photo, fields)
        if "product_id" in fields and not photo.requester:
            photo.source_of.exclude(product_id=photo.product_id).update(source_photo=None)
            product_find(photo)


def product_find(photo: ProductImage) -> Product:
    """Put a photo of the catalogue to its product.

    A product without a source photo gets it as such. So does one whose source shows another side than this
    front, arrived just before and was not tried on yet.
    """
    with transaction.atomic():
        product, _is_new = Product.objects.get_or_create(product_id=photo.product_id)
        photo.catalogue_product = product
        photo.save(update_fields=["catalogue_product"])
        Product.objects.filter(_lacks_source(photo), pk=product.pk).update(source_photo=photo)
    return product


def _lacks_source(photo: ProductImage) -> Q:
    """Return the condition of products that take a photo as their source."""
    if photo.view.casefold() != FRONT:
        return Q(source_photo=None)
    arrived_with_it = Q(source_photo__created_at__gte=clock.now() - IN_ONE_GO, source_photo__jobs=None)
    return Q(source_photo=None) | (arrived_with_it & ~Q(source_photo__view__iexact=FRONT))
