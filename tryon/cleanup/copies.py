"""Copies of a database, such as staging made from a dump of production: their rows name the same files."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from config.core.storage import originals_marks
from config.core.upkeep.runs import Batch, CleanupRefused


def unless_a_copy(step: Callable[..., Batch], cursor: str, tally: dict[str, Any], **options: Any) -> Batch:
    """Handle a batch, unless our database is a copy: its original needs the files that our rows give up.

    The original goes on: what its own rows give up is its own.
    """
    if not cursor and (marks := originals_marks()):
        raise is_shared_with_a_copy(marks)
    return step(cursor, tally, **options)


def is_shared_with_a_copy(marks: list[str]) -> CleanupRefused:
    """Return the refusal, with what a person can do."""
    return CleanupRefused(
        _(
            "Two databases with one origin keep their pictures in this place: one is a copy of the other. "
            "Give the copy a bucket of its own, or an S3_PREFIX with a copy of the pictures. Where this "
            "database was moved or restored, and the other is not in use, delete the other's mark: %(marks)s"
        )
        % {"marks": ", ".join(marks)}
    )
