"""The photos that a person may plan with, and those that the words of the plan's page choose."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from models_library.models import ModelImage
from models_library.selectors import model_image_list
from tryon.catalogue.models import Product
from tryon.models import ProductImage
from tryon.selectors.photos import catalogue, with_files

MODELS_SHOWN: Final = 24
PRODUCTS_SHOWN: Final = 24
MOST_COLLECTIONS: Final = 200


def photos_of_catalogue() -> QuerySet[ProductImage]:
    """Return the photos that stand for their product: its source photo, or each photo where it has none."""
    is_source = Q(source_of__isnull=False) | Q(catalogue_product=None)
    is_source |= Q(catalogue_product__source_photo=None)
    return with_files(catalogue().filter(is_source, is_active=True, is_test=False)).order_by(
        "product_id", "id"
    )


def photos_by_filter(*, collection: str = "", tag: str = "", category: str = "") -> QuerySet[ProductImage]:
    """Return the catalogue's photos by words about them or their products. Without words, all."""
    photos = photos_of_catalogue()
    if collection:
        photos = photos.filter(catalogue_product__collection=collection)
    if tag:
        word = f'"{tag.lower()}"'
        photos = photos.filter(Q(tags__icontains=word) | Q(catalogue_product__tags__icontains=word))
    return photos.filter(category=category) if category else photos


def photos_by_number(numbers: Sequence[str]) -> QuerySet[ProductImage]:
    """Return the photos of the products with these numbers."""
    return photos_of_catalogue().filter(product_id__in=numbers)


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
