"""The names of shops, for the admin: rows name a shop by its id."""

from typing import Any, Final, override

from django.contrib import admin
from django.core.cache import caches
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.shops.callers import SHOP, shop_name
from config.shops.models import Shop

REMEMBER_SECONDS: Final = 30
NAMES: Final = "shop-names"


def shop_names() -> dict[str, str]:
    """Return the names of all shops by their requesters. Each process remembers them for half a minute."""
    known: dict[str, str] | None = caches["process"].get(NAMES)
    if known is None:
        known = {shop_name(pk): name for pk, name in Shop.objects.values_list("pk", "name")}
        testing = Shop.objects.filter(keys__is_test=True).values_list("pk", "name").distinct()
        known |= {shop_name(pk, is_test=True): f"{name} (test)" for pk, name in testing}
        caches["process"].set(NAMES, known, REMEMBER_SECONDS)
    return known


def requester_words(requester: str) -> str:
    """Return the name of a shop, and of every other requester its text."""
    return shop_names().get(requester, requester) if requester.startswith(SHOP) else requester


class ShopFilter(admin.SimpleListFilter):
    """Filter by shop. ``field`` is the rows' field with the shop's requester."""

    title = _("shop")
    parameter_name = "shop"
    field = "requester"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*shop_names().items()]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset
