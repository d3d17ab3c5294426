"""The base of every app, as a Django app: it has checks and no models."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import override

from django.apps import AppConfig
from django.conf import settings

from config.core.images import CHILDREN, Wall
from config.core.private import make_private_file, make_private_folder


class CoreConfig(AppConfig):
    name = "config.core"
    label = "core"

    @override
    def ready(self) -> None:
        from config.core import (
            checks,  # noqa: F401  (registers the checks)
            connections,
            search,  # noqa: F401  (registers the lookup)
        )

        connections.watch()
        make_private_places()
        CHILDREN.configure(
            Wall(
                memory_mb=settings.IMAGE_MEMORY_MB,
                cpu_seconds=settings.IMAGE_SECONDS,
                folder=settings.VAR_DIR / "image-places",
            )
        )


def make_private_places() -> None:
    """Make what would be made later, and open to others: the file of SQLite, and the folder of photos.

    SQLite gives its other files the mode of the first.
    """
    places: list[tuple[Callable[[Path], None], Path]] = []
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3" and Path(str(database["NAME"])).is_absolute():
        places.append((make_private_file, Path(str(database["NAME"]))))
    if not settings.S3_BUCKET:
        places.append((make_private_folder, Path(settings.MEDIA_ROOT)))
    for make, path in places:
        # A command such as ``check`` needs none of them. The first one that does says what is wrong.
        with suppress(OSError):
            make(path)
