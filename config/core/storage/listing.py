"""The list of objects in a folder, for any store."""

from typing import Any, cast

from django.core.files.storage import default_storage

from config.core.storage.errors import STORE_FAULTS, unavailable
from config.core.storage.keys import StoredObject
from config.core.storage.time_budget import within_budget


def objects_in(folder: str) -> list[StoredObject]:
    """Return the objects of one folder (``keys.folders``). Raise StorageUnavailable."""
    store = cast(Any, default_storage)  # both of ours list; Django's interface has no sizes and times
    try:
        return within_budget(lambda: list(store.objects(folder)))
    except STORE_FAULTS as error:
        raise unavailable(error) from error
