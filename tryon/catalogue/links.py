"""Product photos find their products by the shop's number, in a few statements for a thousand photos.

The migration uses it, and a cleanup: processes of the release before stored photos without a product.
"""

from typing import TYPE_CHECKING, Any, Final

from django.db.models import Manager, OuterRef, QuerySet, Subquery

if TYPE_CHECKING:
    from tryon.models import ProductImage

MOST: Final = 1000


def photos_without_product(photos: "Manager[Any]") -> "QuerySet[ProductImage]":
    """Return the catalogue's photos that belong to no product yet. An erased photo has no number."""
    unlinked: QuerySet[ProductImage] = photos.filter(requester="", is_test=False, catalogue_product=None)
    return unlinked.exclude(product_id="")


def photos_link(photos: "Manager[Any]", products: "Manager[Any]") -> int:
    """Give the photos of some numbers their products. Return the number of photos, 0 at the end.

    A number that is new makes a product. Its oldest photo with files becomes the source.
    """
    some = photos_without_product(photos).order_by("product_id").values_list("product_id", flat=True)
    numbers = sorted(set(some[:MOST]))
    if not numbers:
        return 0
    found = set(products.filter(product_id__in=numbers).values_list("product_id", flat=True))
    products.bulk_create(
        [products.model(product_id=number) for number in numbers if number not in found],
        ignore_conflicts=True,
    )
    same = products.filter(product_id=OuterRef("product_id")).values("pk")
    unlinked = photos_without_product(photos).order_by().filter(product_id__in=numbers)
    linked = unlinked.update(catalogue_product=Subquery(same[:1]))
    oldest = (
        photos.filter(catalogue_product=OuterRef("pk")).exclude(processed="").order_by("created_at", "id")
    )
    products.filter(product_id__in=numbers, source_photo=None).update(
        source_photo=Subquery(oldest.values("pk")[:1])
    )
    return linked
