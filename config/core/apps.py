"""What every app stands on, as a Django app: it has checks, no models."""

from typing import override

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "config.core"
    label = "core"

    @override
    def ready(self) -> None:
        from config.core import checks  # noqa: F401  (registers the checks)
