"""Writing, reading and deleting objects, whichever store there is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, cast

import structlog
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction

from config.storage.errors import STORE_FAULTS, ObjectMissing, StorageUnavailable, describe_fault
from config.storage.keys import StoredObject, random_key

logger = structlog.stdlib.get_logger(__name__)


@contextmanager
def new_files() -> Iterator[Callable[[str, bytes | BinaryIO, str], str]]:
    """Write objects that a row is about to name. An exception in the block takes them back.

    Yields ``store(kind, content, extension)``, which returns the new object's key and raises
    StorageUnavailable. Writing may be slow: the row's transaction goes inside the block, not around it.
    """
    with ExitStack() as taking_back:

        def store(kind: str, content: bytes | BinaryIO, extension: str) -> str:
            file = ContentFile(content) if isinstance(content, bytes) else File(content)
            key = random_key(kind, extension)
            # Before it is written: a disk that is full leaves half a file, a store that is slow a whole one.
            taking_back.callback(_take_back, key)
            try:
                return default_storage.save(key, file)
            except STORE_FAULTS as error:
                raise unavailable(error) from error

        yield store
        taking_back.pop_all()


def read(key: str) -> bytes:
    """An object's bytes. Raises ObjectMissing and StorageUnavailable. May be slow."""
    try:
        with default_storage.open(key) as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except STORE_FAULTS as error:
        raise unavailable(error) from error


def objects_in(folder: str) -> list[StoredObject]:
    """The objects of one folder (``keys.folders``). Raises StorageUnavailable."""
    store = cast(Any, default_storage)  # both of ours list; Django's interface has no sizes and times
    try:
        return list(store.objects(folder))
    except STORE_FAULTS as error:
        raise unavailable(error) from error


def discard(*keys: str) -> None:
    """Delete objects that no row names. Raises StorageUnavailable."""
    for key in filter(None, keys):
        try:
            default_storage.delete(key)
        except STORE_FAULTS as error:
            raise unavailable(error) from error


def discard_after_commit(*keys: str) -> None:
    """Delete objects once the deletion of their rows is final.

    ``robust``: a store that is away must not turn a finished deletion into an error. Django logs it, and the
    sweep that compares storage with rows finds what is left.
    """
    transaction.on_commit(lambda: discard(*keys), robust=True)


def unavailable(error: Exception) -> StorageUnavailable:
    """The fault as callers see it; the log says what the store said."""
    logger.error("storage_fault", fault=describe_fault(error))
    return StorageUnavailable()


def _take_back(key: str) -> None:
    """Delete what no row will name. The reason why is on its way already and must not be hidden."""
    try:
        default_storage.delete(key)
    except STORE_FAULTS as error:
        logger.warning("file_not_taken_back", fault=describe_fault(error))
