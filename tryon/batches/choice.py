"""The photos that a person may plan with, and those that the words of the plan's page choose."""

from collections.abc import Iterable, Sequence
from typing import Final, TypedDict
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from models_library.models import ModelImage
from models_library.selectors import model_image_list
from tryon.catalogue.models import Product
from tryon.catalogue.sources import NONE, PhotoFilter, source_photos, without_photo
from tryon.models import ProductImage

MODELS_SHOWN: Final = 24
PRODUCTS_SHOWN: Final = 24
MOST_COLLECTIONS: Final = 200
LEFT_OUT_SHOWN: Final = 10


def photos_by_filter(*, collection: str = "", tag: str = "", category: str = "") -> QuerySet[ProductImage]:
    """Return the catalogue's photos by words about them or their products. Without words, all."""
    photos = source_photos().order_by("product_id", "id")
    if collection:
        photos = photos.filter(catalogue_product__collection=collection)
    if tag:
        word = _tag_word(tag)
        photos = photos.filter(Q(tags__icontains=word) | Q(catalogue_product__tags__icontains=word))
    return photos.filter(category=category) if category else photos


class LeftOut(TypedDict):
    """The products that a choice names and that no try-on can be made of, as the row of a plan keeps them.

    ``shown`` has the first of their numbers, and ``address`` their list.
    """

    number: int
    shown: list[str]
    address: str


def left_out(*, collection: str = "", tag: str = "") -> LeftOut:
    """Return the products without a usable photo that words about products choose. Without words, of all."""
    products = Product.objects.all()
    if collection:
        products = products.filter(collection=collection)
    if tag:
        products = products.filter(tags__icontains=_tag_word(tag))
    bare = without_photo(products).order_by("product_id")
    query = {PhotoFilter.parameter_name: NONE}
    query |= {name: word for name, word in (("collection", collection), ("q", tag)) if word}
    return {
        "number": bare.order_by().count(),
        "shown": list(bare.values_list("product_id", flat=True)[:LEFT_OUT_SHOWN]),
        "address": reverse("admin:catalogue_product_changelist", query=query),
    }


def photos_by_number(numbers: Sequence[str]) -> QuerySet[ProductImage]:
    """Return the photos of the products with these numbers."""
    return source_photos().order_by("product_id", "id").filter(product_id__in=numbers)


def numbers_unknown(numbers: Iterable[str]) -> list[str]:
    """Return the numbers that no product photo of the catalogue has."""
    wanted = list(dict.fromkeys(numbers))
    known = {*photos_by_number(wanted).values_list("product_id", flat=True)}
    return [number for number in wanted if number not in known]


def collections() -> list[str]:
    """Return the names of the collections."""
    named = Product.objects.exclude(collection="").order_by("collection").values_list("collection", flat=True)
    return list(named.distinct()[:MOST_COLLECTIONS])


def models_found(*, category: str, search: str, but: Iterable[UUID]) -> list[ModelImage]:
    """Return the first model photos that are found, one more than a page shows if there are more."""
    found = model_image_list(category=category, search=search).exclude(pk__in=[*but])
    return list(found.order_by("name", "id")[: MODELS_SHOWN + 1])


def models_chosen(ids: Iterable[UUID]) -> list[ModelImage]:
    """Return the chosen model photos that can be used."""
    return list(model_image_list().filter(pk__in=[*ids]).order_by("name", "id"))


def _tag_word(tag: str) -> str:
    return f'"{tag.lower()}"'
