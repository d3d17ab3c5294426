"""Staleness in the list of results: a filter, and a mark at each stale result."""

from collections.abc import Collection
from typing import Any, override
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.widgets import badge
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


def stale_marks(ids: Collection[UUID]) -> dict[UUID, SafeString]:
    """Return the mark of each of these results that is stale."""
    mark = badge("warning", gettext("Stale"))
    return dict.fromkeys(stale_results().filter(pk__in=ids).values_list("pk", flat=True), mark)


def offer_staleness() -> None:
    """Add the filter and the mark to the list of results. Call it when the lists are registered."""
    registered: Any = admin.site._registry[TryOnResult]
    registered.list_filter = [*registered.list_filter, StaleFilter]
    registered.marks = [*registered.marks, stale_marks]
