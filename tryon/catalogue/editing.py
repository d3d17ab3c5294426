"""One change of many photos: category, tags and state. It says how many will change before it does."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet

from config.core.snapshots import outdate_after_commit
from config.people.audit import note_all
from config.people.models import Decision
from models_library.models import LIBRARY, ModelImage
from models_library.services import normalised_tags
from tryon.models import ProductImage

MOST: Final = 5000
CHUNK: Final = 500
FIELDS: Final = ("category", "tags", "is_active")

type Photo = ProductImage | ModelImage


@dataclass(frozen=True, slots=True)
class Change:
    """The new values. None leaves a field as it is."""

    category: str | None = None
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    is_active: bool | None = None

    def apply(self, photo: Photo) -> bool:
        """Set the values on a photo, without saving it. Return whether one of them is new."""
        before = [getattr(photo, field) for field in FIELDS]
        if self.category is not None:
            photo.category = self.category
        if self.is_active is not None:
            photo.is_active = self.is_active
        gone = {*normalised_tags(self.remove_tags)}
        photo.tags = normalised_tags([*(tag for tag in photo.tags if tag not in gone), *self.add_tags])
        return before != [getattr(photo, field) for field in FIELDS]


def photos_to_edit(photos: QuerySet[Any]) -> QuerySet[Any]:
    """Return the chosen photos that people describe: not erased ones, not those that shops uploaded."""
    if photos.model is ProductImage:
        return photos.filter(requester="").exclude(processed="")
    return photos.exclude(image="")


def count_to_change(photos: QuerySet[Any], change: Change) -> int:
    """Return the number of photos that a change would change."""
    rows = photos.order_by().only("pk", *FIELDS).iterator(CHUNK)
    return sum(change.apply(photo) for photo in rows)


def photos_change(photos: QuerySet[Any], change: Change, person: User | AnonymousUser) -> int:
    """Change the photos, some hundreds in a transaction, and log each. Return the number of the changed."""
    model = photos.model
    keys: list[UUID] = list(photos.order_by().values_list("pk", flat=True)[:MOST])
    return sum(_change(model, chunk, change, person) for chunk in batched(keys, CHUNK, strict=False))


@transaction.atomic
def _change(model: Any, keys: Sequence[UUID], change: Change, person: User | AnonymousUser) -> int:
    held = model._default_manager.select_for_update().filter(pk__in=keys).order_by("pk")
    changed = [photo for photo in held if change.apply(photo)]
    model._default_manager.bulk_update(changed, FIELDS)
    note_all(person, changed, Decision.BULK_EDIT, **dict(_facts(change)))
    # A photo may be used again, or no more: no kept answer to a repeated request counts now.
    outdate_after_commit([LIBRARY])
    return len(changed)


def _facts(change: Change) -> Iterator[tuple[str, Any]]:
    for name in ("category", "add_tags", "remove_tags", "is_active"):
        value = getattr(change, name)
        if value not in (None, ()):
            yield name, list(value) if isinstance(value, Iterable) and not isinstance(value, str) else value
