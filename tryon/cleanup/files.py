"""Comparison of storage with rows, both ways: files that no row names, and rows whose file is gone.

The task first looks at everything and measures it, folder by folder. It then removes the files without a row,
if their number is believable. Only one folder is in memory at a time.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from config.core import clock
from config.core.storage import (
    OUR_KEY,
    StoredObject,
    copies_marks,
    discard,
    folders,
    objects_in,
    others_marks,
)
from config.core.upkeep import quota
from config.core.upkeep.runs import Batch, CleanupRefused
from models_library.models import ModelImage
from results.models import TryOnResult
from tryon.cleanup.copies import is_shared_with_a_copy
from tryon.models import Prediction, ProductImage, ShopperPhoto

logger = structlog.stdlib.get_logger(__name__)

# Files are written before their rows, so a young file may still get its row.
YOUNG: Final = timedelta(hours=24)
# More orphans than this, and more than half of all files, look like the wrong database or bucket.
FEW: Final = 10
LOOK, REMOVE = "look", "remove"

# Every column that names a file, by the kind of file.
COLUMNS: Final[dict[str, list[tuple[type[Model], str]]]] = {
    "originals": [(ProductImage, "original")],
    "products": [(ProductImage, "processed"), (ProductImage, "thumbnail")],
    "models": [(ModelImage, "image"), (ModelImage, "thumbnail")],
    "releases": [(ModelImage, "release_file")],
    "results": [(TryOnResult, "image"), (TryOnResult, "thumbnail"), (Prediction, "kept")],
    "shoppers": [(ShopperPhoto, "original"), (ShopperPhoto, "processed")],
}


def stored_files(cursor: str, tally: dict[str, Any], *, dry_run: bool, force: bool) -> Batch:
    """Handle one folder. Raise CleanupRefused and StorageUnavailable."""
    if not cursor:
        _require_own_place()
    phase, _colon, folder = (cursor or f"{LOOK}:{folders()[0]}").partition(":")
    named = _keys_in_rows(folder)  # before the listing: files written in between are young
    objects = objects_in(folder)
    orphans = [entry for entry in objects if entry.key not in named and _may_go(entry)]
    if phase == REMOVE:
        if orphans:
            _require_own_place()  # looking took a while
        freed = 0 if dry_run else discard(*_still_orphans(folder, orphans))
        return Batch(_next(REMOVE, folder), removed=len(orphans), freed_bytes=freed, tally=tally)
    missing = _missing(folder, named, objects)
    tally = _added(tally, folder, objects, orphans)
    cursor = _next(LOOK, folder) or _after_looking(tally, force=force, dry_run=dry_run)
    return Batch(cursor, looked_at=len(objects), notes=_notes(missing), tally=tally)


def _require_own_place() -> None:
    """Refuse where another installation keeps its pictures: to us they all look forgotten."""
    if others := others_marks():
        raise CleanupRefused(
            _(
                "Another installation keeps its pictures in the same place. Set S3_PREFIX, or VAR_DIR, so "
                "that each has a folder of its own. Where the other is gone for good, delete its mark: "
                "%(marks)s"
            )
            % {"marks": ", ".join(others)}
        )
    if copies := copies_marks():
        raise is_shared_with_a_copy(copies)


def _keys_in_rows(folder: str) -> set[str]:
    keys: set[str] = set()
    for model, column in COLUMNS[folder.partition("/")[0]]:
        # The index of copies has only those that are there.
        rows = model._default_manager.exclude(**{column: ""}).filter(**_begins(column, f"{folder}/"))
        keys.update(rows.values_list(column, flat=True))
    return keys


def _begins(column: str, start: str) -> dict[str, str]:
    """Lookups that an index serves: PostgreSQL has one for patterns, SQLite compares bytes."""
    if connection.vendor == "sqlite":
        return {f"{column}__gte": start, f"{column}__lt": f"{start}~"}
    return {f"{column}__startswith": start}


def _may_go(entry: StoredObject) -> bool:
    """Return whether a file is old enough and ours: other programs may use the same bucket."""
    return entry.modified_at < clock.now() - YOUNG and OUR_KEY.fullmatch(entry.key) is not None


def _still_orphans(folder: str, orphans: list[StoredObject]) -> list[str]:
    """Return the keys of the orphans that no row has named since."""
    named = _keys_in_rows(folder) if orphans else set()
    return [entry.key for entry in orphans if entry.key not in named]


def _missing(folder: str, named: set[str], objects: Iterable[StoredObject]) -> list[str]:
    """Return the files that rows name and storage lacks, without rows removed since we read them."""
    missing = named - {entry.key for entry in objects}
    return sorted(missing & _keys_in_rows(folder)) if missing else []


def _notes(missing: list[str]) -> tuple[str, ...]:
    for key in missing:
        logger.error("stored_file_missing", file=key)
    return tuple(_("The file %(key)s is missing.") % {"key": key} for key in missing)


def _added(
    tally: dict[str, Any], folder: str, objects: list[StoredObject], orphans: list[StoredObject]
) -> dict[str, Any]:
    """Return the tally with a folder's objects, bytes and orphans added."""
    kind = folder.partition("/")[0]
    kinds: dict[str, list[int]] = {**tally.get("kinds", {})}
    number, size = kinds.get(kind, [0, 0])
    kinds[kind] = [number + len(objects), size + sum(entry.bytes for entry in objects)]
    return {"kinds": kinds, "orphans": tally.get("orphans", 0) + len(orphans)}


def _after_looking(tally: dict[str, Any], *, force: bool, dry_run: bool) -> str:
    """Correct the measured use, and return the cursor of the removal, empty if there is nothing to remove."""
    found = {kind: quota.Use(number, size) for kind, (number, size) in tally["kinds"].items()}
    if not dry_run:
        quota.replace(found)
    orphans, number = tally["orphans"], sum(one.objects for one in found.values())
    if orphans > FEW and 2 * orphans > number and not force:
        raise CleanupRefused(
            _(
                "%(orphans)d of %(number)d files have no row. Is this the right database, and the right "
                "storage? If so, run: manage.py cleanup stored_files --force"
            )
            % {"orphans": orphans, "number": number}
        )
    return f"{REMOVE}:{folders()[0]}" if orphans else ""


def _next(phase: str, folder: str) -> str:
    """Return the cursor of the next folder, empty after the last."""
    every = folders()
    following = every.index(folder) + 1
    return f"{phase}:{every[following]}" if following < len(every) else ""
