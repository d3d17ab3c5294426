"""Services for shoppers' own photos."""

from datetime import timedelta
from tempfile import TemporaryFile
from typing import BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError
from django.utils.crypto import salted_hmac

from config.core import clock
from config.core.images import ImageWarning, prepare
from config.core.storage import new_files
from config.core.upkeep import quota
from config.shops.callers import Caller
from tryon.access.photos import require_shopper
from tryon.models import ShopperPhoto
from tryon.selectors.photos import photos_in_use

ADDRESS_SALT = "tryon.shopper-photo.address"


def shopper_photo_create(
    *, caller: Caller, file: BinaryIO, consent_version: str, address: str, photo_id: UUID | None = None
) -> tuple[ShopperPhoto, tuple[ImageWarning, ...]]:
    """Check and clean a shopper's photo, store it and the consent to its use. Return it with warnings.

    The original loses its metadata, above all the place where it was taken. ``address`` is the client's, of
    which a keyed hash is kept. ``photo_id`` is the id of a request that may be repeated: if an earlier
    attempt has stored its photo, return that one. Raise ShopperNeeded, ImageRefused, StorageFull and
    StorageUnavailable.
    """
    require_shopper(caller)
    quota.require_room()
    photo_id = photo_id or uuid4()
    now = clock.now()
    with TemporaryFile() as original:
        prepared = prepare(file, original=original)
        original.seek(0)
        try:
            with new_files() as store:
                photo = ShopperPhoto.objects.create(
                    id=photo_id,
                    original=store("shoppers", original, prepared.source.extension),
                    processed=store("shoppers", prepared.processed.content, prepared.processed.extension),
                    width=prepared.processed.width,
                    height=prepared.processed.height,
                    checksum=prepared.checksum,
                    requester=caller.requester,
                    shop=caller.shop,
                    is_test=caller.is_test,
                    consent_version=consent_version,
                    consented_at=now,
                    api_key=caller.key_id,
                    address_hash=address_hash(address),
                    expires_at=now + timedelta(hours=settings.SHOPPER_PHOTO_TTL_HOURS),
                )
        except IntegrityError:
            made = photos_in_use(now).filter(pk=photo_id).first()
            if made is None:
                raise
            photo = made
    return photo, prepared.warnings


def address_hash(address: str) -> str:
    """Return the keyed hash of a client's address, which nobody can turn back without SECRET_KEY."""
    return salted_hmac(ADDRESS_SALT, address, algorithm="sha256").hexdigest() if address else ""
