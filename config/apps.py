"""The ground floor as a Django app: it has checks and commands, no models."""

from typing import override

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    @override
    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers the checks)
