"""The mark that an installation leaves in its storage, and the marks of others.

A sweep removes what no row of *our* database names. Where another installation keeps its pictures too, that
would be all of the other's: so each leaves a mark, and nobody sweeps where another's is found.
"""

import re
import socket
from typing import Any, Final, cast

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError

from config.core.storage.errors import STORE_FAULTS, StorageUnavailable, unavailable
from config.core.storage.listing import objects_in
from config.core.upkeep.installation import installation

logger = structlog.stdlib.get_logger(__name__)

FOLDER: Final = "installations"
_MARK: Final = re.compile(rf"{FOLDER}/([0-9a-f]{{32}})[^/]*\.txt")

# Where this process has seen our mark already.
_marked: Final[set[str]] = set()


def others_marks() -> list[str]:
    """Leave our mark, and return the keys of other installations' marks. Raises StorageUnavailable."""
    marks = _marks()
    ours = installation().id.hex
    if ours not in marks.values():
        _leave_mark(ours)
    return sorted(key for key, owner in marks.items() if owner != ours)


def mark_once() -> None:
    """Leave our mark, unless this process has seen it. A fault never stands in the way of a picture."""
    try:
        place = _place()
        if place in _marked:
            return
        if others := others_marks():
            logger.error("storage_shared", marks=others)
        _marked.add(place)
    except (StorageUnavailable, DatabaseError) as error:
        logger.warning("storage_not_marked", error=type(error).__name__)


def forget() -> None:
    """Look for our mark again at the next picture."""
    _marked.clear()


def _marks() -> dict[str, str]:
    """Return the installations' ids by the keys of their marks."""
    found = (_MARK.fullmatch(entry.key) for entry in objects_in(FOLDER))
    return {match[0]: match[1] for match in found if match}


def _leave_mark(owner: str) -> None:
    text = f"Try-On Studio keeps its pictures here. First seen from {socket.gethostname()}.\n"
    try:
        default_storage.save(f"{FOLDER}/{owner}.txt", ContentFile(text.encode()))
    except STORE_FAULTS as error:
        raise unavailable(error) from error


def _place() -> str:
    store = cast(Any, default_storage)  # both of ours say where they are
    return str(store.place)
