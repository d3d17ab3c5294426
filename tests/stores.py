"""Looking into storage in tests, whichever store the test runs on."""

from pathlib import Path
from typing import Any, cast

import requests
from django.core.files.storage import storages

from config.storage.local import SignedFileSystemStorage


def stored_keys() -> set[str]:
    """The keys of all objects."""
    store = cast(Any, storages["default"])
    if not isinstance(store, SignedFileSystemStorage):
        return {entry.key for entry in store.bucket.objects.all()}
    root = Path(store.location)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def fetch(url: str) -> requests.Response:
    """What a browser gets from a store of its own host."""
    return requests.get(url, timeout=10)
