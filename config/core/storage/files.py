"""Writing, reading and deleting objects, whichever store there is."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, cast

import structlog
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, transaction

from config.core.storage import claims
from config.core.storage.errors import STORE_FAULTS, ObjectMissing, describe_fault, unavailable
from config.core.storage.keys import random_key
from config.core.storage.time_budget import budget, within_budget
from config.core.upkeep import quota

logger = structlog.stdlib.get_logger(__name__)


@contextmanager
def new_files() -> Iterator[Callable[[str, bytes | BinaryIO, str], str]]:
    """Write objects that a row is about to name. An exception in the block takes them back.

    Unless the connection to the database broke: the row may be committed although we were not told. Then the
    objects stay, and the sweep that compares storage with rows finds those that no row names.

    Yields ``store(kind, content, extension)``, which returns the new object's key and raises
    StorageUnavailable. Writing may be slow: the row's transaction goes inside the block, not around it.
    """
    written: dict[str, int] = {}
    with ExitStack() as taking_back:

        def store(kind: str, content: bytes | BinaryIO, extension: str) -> str:
            file = ContentFile(content) if isinstance(content, bytes) else File(content)
            key = random_key(kind, extension)
            # Before it is written: a disk that is full leaves half a file, a store that is slow a whole one.
            taking_back.callback(_take_back, key)
            try:
                within_budget(lambda: default_storage.save(key, file))
            except STORE_FAULTS as error:
                raise unavailable(error) from error
            written[key] = file.size
            return key

        try:
            yield store
        except (OperationalError, InterfaceError):
            taking_back.pop_all()
            raise
        taking_back.pop_all()
    quota.note(by_kind(written))
    claims.mark_once()


def addresses(keys: Iterable[str]) -> dict[str, str]:
    """Return the signed addresses of objects by their keys, signed in one go."""
    urls: dict[str, str] = default_storage.urls(keys)  # type: ignore[attr-defined]  # both of our storages have it
    return urls


def read(key: str) -> bytes:
    """An object's bytes. Raise ObjectMissing, ObjectArchived and StorageUnavailable. May be slow."""
    try:
        return within_budget(lambda: _content(key))
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except STORE_FAULTS as error:
        raise unavailable(error) from error


def _content(key: str) -> bytes:
    with default_storage.open(key) as file:
        return bytes(file.read())


def pieces(key: str, *, size: int = 1 << 18, seconds: float = 10.0) -> Iterator[bytes]:
    """Yield an object's bytes piece by piece, each of which may take some seconds.

    Raise ObjectMissing, ObjectArchived and StorageUnavailable, also in the middle.
    """
    store = cast(Any, default_storage)  # both of ours have pieces
    coming: Iterator[bytes] = store.pieces(key, size)
    try:
        while True:
            # Not around the yield: the pieces may be taken in several threads.
            with budget(seconds):
                piece = within_budget(lambda: next(coming, b""))
            if not piece:
                return
            yield piece
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except STORE_FAULTS as error:
        raise unavailable(error) from error


def look_at(key: str) -> None:
    """Find out whether an object can be read. Raise what ``read`` raises."""
    store = cast(Any, default_storage)  # both of ours look
    try:
        within_budget(lambda: store.look_at(key))
    except FileNotFoundError as error:
        raise ObjectMissing from error
    except STORE_FAULTS as error:
        raise unavailable(error) from error


def discard(*keys: str) -> int:
    """Delete objects that no row names, and return their bytes. Raise StorageUnavailable."""
    gone: dict[str, int] = {}
    try:
        for key in dict.fromkeys(filter(None, keys)):
            if (size := _size(key)) is not None:
                within_budget(functools.partial(default_storage.delete, key))
                gone[key] = size
    except STORE_FAULTS as error:
        raise unavailable(error) from error
    finally:
        quota.note({kind: quota.Use(-was.objects, -was.bytes) for kind, was in by_kind(gone).items()})
    return sum(gone.values())


def by_kind(sizes: Mapping[str, int]) -> dict[str, quota.Use]:
    """Objects and bytes by kind, from bytes by key."""
    sums: dict[str, quota.Use] = {}
    for key, size in sizes.items():
        kind = key.partition("/")[0]
        before = sums.get(kind, quota.Use(0, 0))
        sums[kind] = quota.Use(before.objects + 1, before.bytes + size)
    return sums


def _size(key: str) -> int | None:
    """An object's bytes, None where there is none."""
    try:
        return within_budget(lambda: default_storage.size(key))
    except FileNotFoundError:
        return None


def discard_after_commit(*keys: str) -> None:
    """Delete objects once the deletion of their rows is final.

    ``robust``: a store that is away must not turn a finished deletion into an error. Django logs it, and the
    sweep that compares storage with rows finds what is left.
    """
    transaction.on_commit(lambda: discard(*keys), robust=True)


def _take_back(key: str) -> None:
    """Delete what no row will name. The reason why is on its way already and must not be hidden."""
    try:
        within_budget(lambda: default_storage.delete(key))
    except STORE_FAULTS as error:
        logger.warning("file_not_taken_back", fault=describe_fault(error))
