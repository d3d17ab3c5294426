"""The files that people send to the library: each leaves a trace, so that coming back loses nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import Taken, sentence
from config.core.errors import DomainError
from models_library.models import ModelImage
from tryon.catalogue.hints import advice
from tryon.catalogue.models import Outcome, UploadAttempt
from tryon.models import ProductImage

MOST_SHOWN: Final = 100
ARCHIVES: Final = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
DUPLICATES: Final = frozenset({"model_image_duplicate", "product_image_duplicate"})

type Photo = ProductImage | ModelImage


class UploadIsArchive(DomainError):
    code: ClassVar[str] = "upload_is_archive"
    status: ClassVar[int] = 415
    message: Any = _("This is an archive. Unpack it, and send the photos that are in it.")


def require_no_archive(file: Any) -> None:
    """Refuse a ZIP file and its like, whatever its name says. Raise UploadIsArchive."""
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if start in ARCHIVES or start[:2] == ARCHIVES[-1]:
        raise UploadIsArchive


@dataclass(frozen=True, slots=True)
class Upload:
    """An attempt to show. ``photo`` is the new photo, or the one that the file equals.

    ``alike`` is a photo that a warning names.
    """

    attempt: UploadAttempt
    photo: Photo | None
    alike: Photo | None

    @property
    def sentences(self) -> list[str]:
        """Return the refusal, or the warnings with hints for a better photo."""
        attempt = self.attempt
        found = [attempt.message] if attempt.message else []
        return [*found, *(text for warning in attempt.warnings for text in advice(warning["code"]))]


def attempt_note(person: User, library: type[Model], file_name: str, taken: Taken[Any]) -> UploadAttempt:
    """Keep the outcome of a file. Earlier refusals of a file with this name are forgotten."""
    refusal, photo = taken.refusal, taken.row.pk if taken.row is not None else None
    code = refusal.code if refusal is not None else ""
    outcome = (
        Outcome.ADDED if refusal is None else Outcome.DUPLICATE if code in DUPLICATES else Outcome.REFUSED
    )
    if refusal is not None:
        photo = refusal.details.get("id") if outcome == Outcome.DUPLICATE else None
    name = file_name[:200]
    earlier = UploadAttempt.objects.filter(person=person, library=library._meta.label_lower, file_name=name)
    earlier.filter(outcome=Outcome.REFUSED).delete()
    return UploadAttempt.objects.create(
        person=person,
        library=library._meta.label_lower,
        file_name=name,
        outcome=outcome,
        code=code,
        message=sentence(refusal) if refusal is not None else "",
        warnings=[{"code": warning.code, "photo": warning.photo} for warning in taken.warnings],
        product_image_id=photo if library is ProductImage else None,
        model_image_id=photo if library is ModelImage else None,
    )


def uploads_of(person: User, library: type[Model]) -> list[Upload]:
    """Return what a person sent to a library in the last days, the refused first, then the newest."""
    mine = UploadAttempt.objects.filter(person=person, library=library._meta.label_lower)
    newest = list(mine.select_related("product_image", "model_image")[:MOST_SHOWN])
    return uploads_shown(sorted(newest, key=lambda one: one.outcome != Outcome.REFUSED), library)


def uploads_shown(attempts: Sequence[UploadAttempt], library: type[Model]) -> list[Upload]:
    """Return attempts with their photos, in one more query for those that the warnings name."""
    others = {warning["photo"] for one in attempts for warning in one.warnings if warning["photo"]}
    alike = {str(key): row for key, row in library._default_manager.in_bulk(others).items()} if others else {}
    return [
        Upload(one, one.product_image or one.model_image, _first(alike, one.warnings)) for one in attempts
    ]


def _first(photos: dict[str, Any], warnings: Iterable[dict[str, str]]) -> Photo | None:
    return next((photos[one["photo"]] for one in warnings if one["photo"] in photos), None)
