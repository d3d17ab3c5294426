"""The HTTP API's own app: keys and what every endpoint shares."""

from typing import override

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "config.api"
    label = "api"
    verbose_name = "API"

    @override
    def ready(self) -> None:
        from config.api import schema  # noqa: F401  (registers the ways in)
