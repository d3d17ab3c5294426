"""The mark that an installation leaves in its storage, and the marks of others.

A sweep removes what no row of *our* database names. Where another installation keeps its pictures too, that
would be all of the other's: so each leaves a mark, and nobody sweeps where another's is found. A copy of a
database has the id of its original, so a mark names the database too.
"""

import re
import socket
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError

from config.core.storage.errors import STORE_FAULTS, StorageUnavailable, unavailable
from config.core.storage.listing import objects_in
from config.core.storage.time_budget import within_budget
from config.core.upkeep.identity import DIGITS, database_identity
from config.core.upkeep.installation import installation

logger = structlog.stdlib.get_logger(__name__)

FOLDER: Final = "installations"
_MARK: Final = re.compile(rf"{FOLDER}/([0-9a-f]{{32}})(?:-([0-9a-f]{{{DIGITS}}}))?[^/]*\.txt")

# Where this process has seen our mark already.
_marked: Final[set[str]] = set()


class Mark(NamedTuple):
    """A mark. ``database`` is empty in the mark of a release that did not name it."""

    key: str
    installation: str
    database: str
    left_at: datetime


def others_marks() -> list[str]:
    """Leave our mark, and return the keys of other installations' marks. Raise StorageUnavailable."""
    ours = installation().id.hex
    return [mark.key for mark in _marks_after_ours() if mark.installation != ours]


def copies_marks() -> list[str]:
    """Leave our mark, and return the keys of the marks of copies of our database, or of its original."""
    return [mark.key for mark in _relatives(_marks_after_ours())]


def originals_marks() -> list[str]:
    """Leave our mark, and return the keys of the marks of the databases that ours is a copy of."""
    marks = _marks_after_ours()
    since = next((mark.left_at for mark in marks if _is_ours(mark)), None)
    return [mark.key for mark in _relatives(marks) if since is None or mark.left_at < since]


def mark_once() -> None:
    """Leave our mark, unless this process has seen it. A fault never stands in the way of a picture."""
    try:
        place = _place()
        if place in _marked:
            return
        if others := [*others_marks(), *copies_marks()]:
            logger.error("storage_shared", marks=others)
        _marked.add(place)
    except (StorageUnavailable, DatabaseError) as error:
        logger.warning("storage_not_marked", error=type(error).__name__)


def shared_place() -> str:
    """Return a text that only those machines have in common who keep their pictures in the same place.

    A folder has another path on each machine, so its mark tells. Raise StorageUnavailable.
    """
    if cast(Any, default_storage).serves_itself:
        return _place()
    _marks_after_ours()
    ours = next((mark for mark in _marks_after_ours() if _is_ours(mark)), None)
    return "" if ours is None else f"{ours.key} {ours.left_at.isoformat()}"


def forget() -> None:
    """Look for our mark again at the next picture."""
    _marked.clear()


def _marks_after_ours() -> list[Mark]:
    """Return the marks that are there, in the order of their keys, and leave ours if it is missing."""
    found = ((_MARK.fullmatch(entry.key), entry.modified_at) for entry in objects_in(FOLDER))
    marks = sorted(Mark(match[0], match[1], match[2] or "", at) for match, at in found if match)
    if not any(_is_ours(mark) for mark in marks):
        _leave_mark()
    return marks


def _is_ours(mark: Mark) -> bool:
    return mark.installation == installation().id.hex and mark.database == database_identity()


def _relatives(marks: list[Mark]) -> list[Mark]:
    """Return the marks with our id of other databases. An old mark without a database counts as ours."""
    ours = installation().id.hex
    return [mark for mark in marks if mark.installation == ours and mark.database and not _is_ours(mark)]


def _leave_mark() -> None:
    text = f"Try-On Studio keeps its pictures here. First seen from {socket.gethostname()}.\n"
    key = f"{FOLDER}/{installation().id.hex}-{database_identity()}.txt"
    try:
        within_budget(lambda: default_storage.save(key, ContentFile(text.encode())))
    except STORE_FAULTS as error:
        raise unavailable(error) from error


def _place() -> str:
    store = cast(Any, default_storage)  # both of ours say where they are
    return str(store.place)
