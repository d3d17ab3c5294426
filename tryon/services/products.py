"""Services for product photos."""

import json
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any, BinaryIO, ClassVar, Final, TypeIs
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.core.images import DUPLICATE, MAX_UPLOAD_BYTES, ImageWarning, prepare
from config.core.outgoing.fetch import fetch
from config.core.snapshots import outdate_after_commit
from config.core.storage import new_files
from config.core.upkeep import quota
from results.pages import outdate_pages
from tryon.models import ProductImage
from tryon.selectors.jobs import jobs_showing
from tryon.selectors.photos import product_image_twin, with_files

MOST_LEVELS: Final = 20


class ProductImageDuplicate(DomainError):
    code: ClassVar[str] = "product_image_duplicate"
    status: ClassVar[int] = 409
    message: Any = _("This product already has this photo. Use that one, or send another.")


def storable_metadata(value: object) -> TypeIs[dict[str, Any]]:
    """Return whether a value is an object that every database can store.

    Python accepts more than JSON and UTF-8 allow: NaN, 1e400, half a character. PostgreSQL also refuses NUL,
    and SQLite 2,000 levels of lists and objects. Here 20 are the most.
    """
    if not is_shallow(value):
        return False
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except ValueError:
        return False
    return isinstance(value, dict) and "\\u0000" not in text


def is_shallow(value: object) -> bool:
    """Return whether lists and objects lie in each other no deeper than 20 levels."""
    level = [value]
    for _depth in range(MOST_LEVELS):
        level = [inner for outer in level for inner in insides(outer)]
    return not any(isinstance(outer, dict | list) for outer in level)


def insides(value: object) -> Iterable[object]:
    """Return the values in an object or a list, none for others."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def product_image_create(
    *,
    file: BinaryIO,
    product_id: str,
    metadata: dict[str, Any] | None = None,
    requester: str = "",
    shop: str = "",
    is_test: bool = False,
    photo_id: UUID | None = None,
    **described: Any,
) -> tuple[ProductImage, tuple[ImageWarning, ...]]:
    """Check and clean a product photo, store original, processed copy and thumbnail, and add its row.

    The original loses its metadata before it is stored, because the API shows it. Return the row and warnings
    about the photo. Without a requester the photo joins the catalogue, where a product has a photo once;
    ``described`` may have its category, view and tags. ``photo_id`` is the id of a request that may be
    repeated: if an earlier attempt has stored its photo, return that one. Raise ImageRefused, StorageFull and
    StorageUnavailable, and for the catalogue ProductImageDuplicate.
    """
    quota.require_room()
    photo_id = photo_id or uuid4()
    try:
        with TemporaryFile() as original, new_files() as store:
            prepared = prepare(file, original=original)
            warnings = prepared.warnings
            twin = product_image_twin(product_id, requester, prepared.checksum, photo_id)
            if twin is not None and twin.pk == photo_id:
                return twin, warnings
            if twin is not None and not requester:
                raise ProductImageDuplicate(details={"id": str(twin.pk)})
            if twin is not None:
                warnings = (*warnings, replace(DUPLICATE, photo=str(twin.pk)))
            original.seek(0)
            photo = ProductImage.objects.create(
                id=photo_id,
                product_id=product_id,
                original=store("originals", original, prepared.source.extension),
                processed=store("products", prepared.processed.content, prepared.processed.extension),
                thumbnail=store("products", prepared.thumbnail.content, prepared.thumbnail.extension),
                metadata=metadata or {},
                width=prepared.processed.width,
                height=prepared.processed.height,
                checksum=prepared.checksum,
                requester=requester,
                shop=shop,
                is_test=is_test,
                **described,
            )
    except IntegrityError:
        # The address of the photo shows another picture since an earlier attempt has stored it.
        made = with_files(ProductImage.objects.filter(pk=photo_id)).first()
        if made is None:
            raise
        return made, ()
    return photo, warnings


def photo_fetch(address: str) -> BinaryIO:
    """Return the file at an address. Raise the errors of ``fetch``, ImageTooLarge and StorageFull."""
    quota.require_room()
    return BytesIO(fetch(address, max_bytes=MAX_UPLOAD_BYTES, inside=settings.FILE_URL_HOSTS))


def product_image_update(photo: ProductImage, fields: Iterable[str]) -> None:
    """Store the changed fields of a photo. Answers about jobs name its product."""
    with transaction.atomic():
        photo.save(update_fields=list(fields))
        _outdate_after_commit(photo.pk)


def _outdate_after_commit(photo_id: UUID) -> None:
    jobs = jobs_showing(photo_id)
    outdate_after_commit(jobs)
    outdate_pages(jobs)
