"""Money: credits by day, shop, person and outcome."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MoneyConfig(AppConfig):
    name = "tryon.money"
    label = "money"
    verbose_name = _("Money")

    @override
    def ready(self) -> None:
        from tryon.money import balances, rollup  # noqa: F401  (connect their receivers)
