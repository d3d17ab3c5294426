"""The filter of the list of results by staleness."""

from typing import Any, override

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from results.models import TryOnResult
from tryon.catalogue.stale import stale_results


class StaleFilter(admin.SimpleListFilter):
    """Filter results by whether a photo of theirs has been replaced since."""

    title = _("stale")
    parameter_name = "stale"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Stale: a photo was replaced"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[TryOnResult]) -> QuerySet[TryOnResult]:
        return queryset.filter(pk__in=stale_results().values("pk")) if self.value() == "yes" else queryset


def offer_stale_filter() -> None:
    """Add the filter to the list of results. Call it when the lists are registered."""
    registered: Any = admin.site._registry[TryOnResult]
    registered.list_filter = [*registered.list_filter, StaleFilter]
