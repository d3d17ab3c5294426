"""API keys, the callers behind them, and their permissions."""

from typing import override

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "config.shops"
    label = "api"
    verbose_name = "API"

    @override
    def ready(self) -> None:
        from config.shops import cors, schema  # noqa: F401  (they register the ways in)
