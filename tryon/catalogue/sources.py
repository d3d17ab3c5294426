"""The photos that stand for their products, and the products that have none."""

from typing import Any, Final, override

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tryon.catalogue.models import Product
from tryon.models import ProductImage
from tryon.selectors.photos import catalogue, with_files

NONE: Final = "none"


def source_photos() -> QuerySet[ProductImage]:
    """Return the photos that stand for their product: its source photo, or each photo where it has none."""
    is_source = Q(source_of__isnull=False) | Q(catalogue_product=None)
    is_source |= Q(catalogue_product__source_photo=None)
    return with_files(catalogue().filter(is_source, is_active=True, is_test=False))


def without_photo(products: QuerySet[Product]) -> QuerySet[Product]:
    """Return the products that no try-on can be made of: their photo is missing, retired or cleaned up."""
    usable = with_files(catalogue().filter(is_active=True, is_test=False))
    of_product = usable.filter(catalogue_product=OuterRef("pk"))
    has_source = Exists(usable.filter(pk=OuterRef("source_photo")))
    return products.exclude(has_source | Q(Exists(of_product), source_photo=None))


class PhotoFilter(admin.SimpleListFilter):
    """Filter products by whether they have a photo to make try-ons of."""

    title = _("photo for try-ons")
    parameter_name = "photo"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(NONE, _("None: add or choose one"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return without_photo(queryset) if self.value() == NONE else queryset
