"""Looking into storage in tests, whichever store the test runs on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import requests
from django.core.files.storage import storages
from pytest_django import Settings

from config.core.storage.local import SignedFileSystemStorage
from tests import s3
from tests.waiting import LONGEST_SECONDS


def stored_keys() -> set[str]:
    """The keys of all objects, without the marks that installations leave."""
    return {key for key in all_keys() if not key.startswith("installations/")}


def all_keys() -> set[str]:
    """The keys of all objects of the installation."""
    store = cast(Any, storages["default"])
    if not isinstance(store, SignedFileSystemStorage):
        start = f"{store.prefix}/" if store.prefix else ""
        return {entry.key.removeprefix(start) for entry in store.bucket.objects.filter(Prefix=start)}
    root = Path(store.location)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def fetch(url: str) -> requests.Response:
    """Return the answer that a browser gets from a store of its own host."""
    return requests.get(url, timeout=LONGEST_SECONDS)


@contextmanager
def away(settings: Settings) -> Iterator[None]:
    """The store can't be reached in the block: a disk that is no folder, a host where nobody listens."""
    folder, stores = settings.MEDIA_ROOT, settings.STORAGES
    settings.MEDIA_ROOT = "/dev/null"
    if not isinstance(storages["default"], SignedFileSystemStorage):
        nobody = s3.storage_on("http://127.0.0.1:9", "bucket")
        settings.STORAGES = {**stores, "default": nobody}
    yield
    settings.MEDIA_ROOT, settings.STORAGES = folder, stores
