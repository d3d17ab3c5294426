"""The try-ons that a product is worn in: as their garment, or as a further garment of an outfit."""

from typing import Any, override
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from results.models import TryOnResult
from tryon.catalogue.models import Product
from tryon.models import TryOnJob, ViewerGarment


def jobs_with(product: UUID) -> QuerySet[TryOnJob]:
    """Return the try-ons that a product is worn in."""
    first = TryOnJob.objects.filter(product_image__catalogue_product=product).order_by().values("pk")
    further = ViewerGarment.objects.filter(product_image__catalogue_product=product).order_by()
    # Each by its index. An "or" would make PostgreSQL read all jobs.
    return TryOnJob.objects.filter(pk__in=first.union(further.values("viewer__job")))


def results_with(product: UUID) -> QuerySet[TryOnResult]:
    """Return the results that a product is worn in. Those on shoppers' own photos are for the shoppers."""
    return TryOnResult.objects.filter(job__in=jobs_with(product).values("pk"), job__shopper_photo=None)


class WornFilter(admin.SimpleListFilter):
    """Filter try-ons or results by a product that is worn in them. It is there for who comes by a link."""

    title = _("product")
    parameter_name = "worn"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        product = self._product(request.GET.get(self.parameter_name, ""))
        return [] if product is None else [(str(product.pk), product)]

    @override
    def has_output(self) -> bool:
        return self.value() is not None

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        product = self._product(self.value() or "")
        if product is None:
            return queryset.none()
        model: type[Model] = queryset.model
        worn = jobs_with(product.pk) if model is TryOnJob else results_with(product.pk)
        return queryset.filter(pk__in=worn.values("pk"))

    @staticmethod
    def _product(key: str) -> Product | None:
        try:
            return Product.objects.filter(pk=UUID(key)).first()
        except ValueError:
            return None


def offer_worn_filter() -> None:
    """Add the filter to the list of results, which knows no products. Call it when the lists are there."""
    registered: Any = admin.site._registry[TryOnResult]
    registered.list_filter = [*registered.list_filter, WornFilter]
