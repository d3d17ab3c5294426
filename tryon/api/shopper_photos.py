"""Views for shoppers' own photos."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import parsers, serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.address import client_address
from config.core.http.envelope import Url, absolute_urls
from config.core.http.idempotency.api import row_id_of
from config.core.http.operation import operation
from config.core.http.strict import FormSerializer, Text, validated
from config.core.http.warnings import WarningAnswer, warning_answers
from config.core.images import ImageMissing
from config.shops.abilities import Ability
from config.shops.callers import caller_of
from config.shops.permissions import needs
from tryon.access.photos import require_shopper, shopper_photo_for, shopper_photo_to_erase
from tryon.models import ShopperPhoto
from tryon.services.erasing import photo_erase
from tryon.services.shopper_photos import shopper_photo_create

TAG: Final = "shoppers"
CONSENT = _("The version of the text that the shopper has agreed to, such as 2026-12.")


class ShopperPhotoSerializer(FormSerializer):
    """``POST /shopper-photos``: a multipart form."""

    file = serializers.FileField(allow_empty_file=True)  # the image pipeline says it better
    consentVersion = Text(max_length=64, help_text=CONSENT)


class ShopperPhotoAnswer(TypedDict):
    """A shopper's own photo. Its addresses are for the shopper only."""

    id: UUID
    originalUrl: Url
    processedUrl: Url
    width: int
    height: int
    consentVersion: str
    test: Annotated[bool, _("Of a test key.")]
    expiresAt: Annotated[datetime, _("Then the photo goes, with all that was made with it.")]
    createdAt: datetime


class ShopperPhotoStoredAnswer(ShopperPhotoAnswer):
    """A shopper's photo just stored, with warnings about its quality."""

    warnings: list[WarningAnswer]


class ShopperPhotosView(APIView):
    """Upload a shopper's own photo, with the shopper's consent."""

    parser_classes = [parsers.MultiPartParser]
    permission_classes = [needs(Ability.START_TRYONS)]

    @operation(
        "createShopperPhoto",
        422,
        507,
        status=201,
        body={"multipart/form-data": ShopperPhotoSerializer},
        tag=TAG,
    )
    def post(self, request: Request) -> ShopperPhotoStoredAnswer:
        caller = caller_of(request)
        require_shopper(caller)  # before the body: it may be large
        if "file" not in request.FILES:
            raise ImageMissing
        wanted = validated(ShopperPhotoSerializer, request.data)
        photo, warnings = shopper_photo_create(
            caller=caller,
            file=wanted["file"],
            consent_version=wanted["consentVersion"],
            address=client_address(request._request) or "",
            photo_id=row_id_of(request),
        )
        return {**shopper_photo_answer(photo, request), "warnings": warning_answers(warnings)}


class ShopperPhotoView(APIView):
    """One photo of the shopper who asks."""

    @operation("getShopperPhoto", tag=TAG)
    def get(self, request: Request, shopper_photo_id: UUID) -> ShopperPhotoAnswer:
        """Read a photo of the shopper who asks. It is not found for anybody else."""
        return shopper_photo_answer(shopper_photo_for(caller_of(request), shopper_photo_id), request)

    @operation("deleteShopperPhoto", status=204, tag=TAG)
    def delete(self, request: Request, shopper_photo_id: UUID) -> None:
        """Erase the photo, its try-ons and their results. Repeat it after an error."""
        caller = caller_of(request)
        photo_erase(shopper_photo_to_erase(caller, shopper_photo_id), caller)


def shopper_photo_answer(photo: ShopperPhoto, request: Request) -> ShopperPhotoAnswer:
    """Return a photo as the API shows it to its shopper."""
    urls: Mapping[str, Url] = absolute_urls(request, [photo.original, photo.processed])
    return {
        "id": photo.pk,
        "originalUrl": urls[str(photo.original)],
        "processedUrl": urls[str(photo.processed)],
        "width": photo.width,
        "height": photo.height,
        "consentVersion": photo.consent_version,
        "test": photo.is_test,
        "expiresAt": photo.expires_at,
        "createdAt": photo.consented_at,
    }
