"""The identity of this installation: an id and a folder of its own in the bucket.

Both are made once and kept in the database.

Two installations may share a bucket, such as production and staging. All machines of one have one database.
"""

import secrets
from typing import Any, Final

from django.apps import apps as all_apps
from django.apps.registry import Apps
from django.db.models import FileField

from config.core.upkeep.models import Installation, StorageUse

PREFIX: Final = "tryon-"

# Read once in a process: it never changes. A list, for ``forget`` empties it.
_known: Final[list[Installation]] = []


def installation() -> Installation:
    """Return this installation's row. ``migrate`` makes it."""
    if not _known:
        _known.append(_found_or_made(all_apps))
    return _known[-1]


def forget() -> None:
    """Read the row again at the next call of ``installation``."""
    _known.clear()


def note_installation(apps: Apps = all_apps, **_: Any) -> None:
    """After ``migrate``: make the row. ``apps`` are the models as the tables are now."""
    forget()
    if "installation" not in apps.all_models["upkeep"]:  # migrated back
        return
    _found_or_made(apps)


def _found_or_made(apps: Apps) -> Installation:
    found = Installation.objects.filter(number=Installation.THE_ONE).first()
    if found is not None:
        return found
    # Keys in rows don't have the prefix in them: files that are there already stay where they are.
    prefix = "" if _has_files(apps) else f"{PREFIX}{secrets.token_hex(6)}"
    made, _created = Installation.objects.get_or_create(
        number=Installation.THE_ONE, defaults={"prefix": prefix}
    )
    return made


def _has_files(apps: Apps) -> bool:
    """Return whether anything was ever stored, by the counts, or by the rows that name files."""
    columns = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, FileField)
    ]
    return StorageUse.objects.exists() or any(
        model._base_manager.filter(**{f"{column}__gt": ""}).exists() for model, column in columns
    )
