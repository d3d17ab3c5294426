"""The base of every app, as a Django app: it has checks and no models."""

from typing import override

from django.apps import AppConfig
from django.conf import settings

from config.core.images import CHILDREN, Wall


class CoreConfig(AppConfig):
    name = "config.core"
    label = "core"

    @override
    def ready(self) -> None:
        from config.core import checks  # noqa: F401  (registers the checks)

        CHILDREN.configure(
            Wall(
                memory_mb=settings.IMAGE_MEMORY_MB,
                cpu_seconds=settings.IMAGE_SECONDS,
                folder=settings.VAR_DIR / "image-places",
            )
        )
