"""The use of storage, and its limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.core.upkeep.models import StorageUse

logger = structlog.stdlib.get_logger(__name__)

GIGABYTE: Final = 1_000_000_000


class StorageFull(DomainError):
    code: ClassVar[str] = "storage_full"
    status: ClassVar[int] = 507
    retryable: ClassVar[bool] = True
    message: Any = _("There is no room for more photos. Try again later, or tell the shop.")


@dataclass(frozen=True, slots=True)
class Use:
    """Objects and bytes of one kind. Deleted ones are negative."""

    objects: int
    bytes: int


def note(changes: Mapping[str, Use]) -> None:
    """Add the objects that were written or deleted, by kind.

    A count that could not be saved must not undo the work that it counts. The sweep corrects it.
    """
    try:
        for kind, change in changes.items():
            _add(kind, change)
    except DatabaseError as error:
        logger.warning("storage_use_not_noted", error=type(error).__name__)


def _add(kind: str, change: Use) -> None:
    StorageUse.objects.get_or_create(kind=kind)
    StorageUse.objects.filter(kind=kind).update(
        objects_stored=F("objects_stored") + change.objects, bytes_stored=F("bytes_stored") + change.bytes
    )


def replace(found: Mapping[str, Use]) -> None:
    """Replace the counts by those that a sweep found in storage."""
    for kind, use in found.items():
        StorageUse.objects.update_or_create(
            kind=kind,
            defaults={
                "objects_stored": use.objects,
                "bytes_stored": use.bytes,
                "measured_at": clock.now(),
            },
        )


def bytes_by_kind() -> dict[str, int]:
    """Return the bytes stored of each kind."""
    return dict(StorageUse.objects.order_by("kind").values_list("kind", "bytes_stored"))


def bytes_allowed() -> int | None:
    """Return STORAGE_LIMIT_GB in bytes, or None without a limit."""
    return round(settings.STORAGE_LIMIT_GB * GIGABYTE) or None


def percent_used() -> float | None:
    """Return the used share of STORAGE_LIMIT_GB, or None without a limit."""
    allowed = bytes_allowed()
    if allowed is None:
        return None
    stored = StorageUse.objects.aggregate(sum=Sum("bytes_stored"))["sum"] or 0
    return round(100.0 * max(0, stored) / allowed, 1)


def require_room() -> None:
    """Check that an upload fits into STORAGE_LIMIT_GB. Raise StorageFull.

    Results do not need this check: they are stored in any case, because they are paid.
    """
    used = percent_used()
    if used is not None and used >= 100:
        raise StorageFull
