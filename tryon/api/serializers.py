"""Product photos and jobs as the API accepts them: forms, bodies and queries."""

import json
from collections.abc import Mapping
from typing import Any, override
from uuid import UUID

from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.core.http.pagination import ListQuery
from config.core.http.strict import (
    Choice,
    Few,
    Flag,
    FormSerializer,
    Id,
    Moment,
    Number,
    StrictSerializer,
    Text,
)
from config.core.outgoing.fetch import MOST_CHARACTERS
from tryon.fashn.options import (
    CATEGORIES,
    GARMENT_CATEGORIES,
    GARMENT_PHOTO_TYPES,
    MAX_MODES,
    MAX_SEED,
    MOST_GARMENTS,
    RESOLUTIONS,
    V16_MODES,
    OptionError,
    Recipe,
    TryOnOptions,
)
from tryon.fashn.outfits import outfit
from tryon.metrics.windows import Window
from tryon.models import Status
from tryon.outcomes import OUTCOMES
from tryon.services.products import storable_metadata

METADATA_BYTES = 10_000
FILE_URL = _(
    "The address of the photo, which the service fetches in 10 seconds at most: of the public internet, on "
    "the usual port, without a login and without a redirect. Only a shop's server may use it."
)


OUTCOMES_ARE = _("With a test key, each of these ids gives its outcome (docs/test-mode.md):")
ORDERS = format_lazy("{} {}.", OUTCOMES_ARE, ", ".join(OUTCOMES))


class UploadSerializer(FormSerializer):
    """``POST /upload``: a multipart form with a file, or with the address of one."""

    file = serializers.FileField(allow_empty_file=True, required=False)  # the image pipeline says it better
    fileUrl = Text(required=False, max_length=MOST_CHARACTERS, help_text=FILE_URL)
    productId = Text(max_length=100, help_text=ORDERS)
    metadata = Text(
        required=False,
        max_length=METADATA_BYTES,
        help_text=_("A JSON object, at most 10,000 bytes and 20 levels deep."),
    )

    def validate_metadata(self, text: str) -> dict[str, Any]:
        if len(text.encode()) > METADATA_BYTES:
            raise serializers.ValidationError(_("At most 10,000 bytes."))
        try:
            metadata = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise serializers.ValidationError(
                _('Not JSON. Send an object such as {"colour": "red"}.')
            ) from error
        if not storable_metadata(metadata):
            raise serializers.ValidationError(
                _('Send a JSON object such as {"colour": "red"}, at most 20 levels deep.')
            )
        return metadata

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if {"file", "fileUrl"} <= attrs.keys():
            raise serializers.ValidationError({"fileUrl": [_("Leave out file or fileUrl.")]})
        return attrs


class UploadByUrlSerializer(StrictSerializer):
    """``POST /upload``: a JSON body with the address of a file."""

    fileUrl = Text(max_length=MOST_CHARACTERS, help_text=FILE_URL)
    productId = Text(max_length=100, help_text=ORDERS)
    metadata = serializers.DictField(
        required=False, help_text=_("A JSON object, at most 10,000 bytes and 20 levels deep.")
    )

    def validate_metadata(self, metadata: dict[str, Any]) -> dict[str, Any]:
        if not storable_metadata(metadata):
            raise serializers.ValidationError(
                _('Send a JSON object such as {"colour": "red"}, at most 20 levels deep.')
            )
        if len(json.dumps(metadata, ensure_ascii=False).encode()) > METADATA_BYTES:
            raise serializers.ValidationError(_("At most 10,000 bytes."))
        return metadata


class UploadQuery(ListQuery):
    """The query of ``GET /uploads``."""

    productId = Text(required=False, max_length=100)
    createdAfter = Moment(required=False)
    createdBefore = Moment(required=False)


class OptionsSerializer(serializers.Serializer[Any]):
    """The options of a try-on. Some exclude each other."""

    # It is for the schema only: ``TryOnOptions`` checks them.

    mode = Choice(choices=sorted({*V16_MODES, *MAX_MODES}), required=False, allow_null=True)
    category = Choice(choices=CATEGORIES, required=False, allow_null=True)
    garmentPhotoType = Choice(choices=GARMENT_PHOTO_TYPES, required=False, allow_null=True)
    seed = Number(min_value=0, max_value=MAX_SEED, required=False, allow_null=True)
    resolution = Choice(choices=RESOLUTIONS, required=False, allow_null=True)
    background = Text(
        required=False, allow_null=True, max_length=30, help_text=_("A CSS colour: #f5f5f5 or white.")
    )


@extend_schema_field(OptionsSerializer)
class OptionsField(serializers.Field[TryOnOptions, Any, Any, Any]):
    """The options object, checked as a whole because some options exclude each other."""

    @override
    def to_internal_value(self, data: Any) -> TryOnOptions:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Send an object."))
        try:
            return TryOnOptions.asked(data)
        except OptionError as error:
            raise serializers.ValidationError(
                {error.field: [gettext(error.message) % error.words]}
            ) from error

    @override
    def to_representation(self, value: TryOnOptions) -> Recipe:
        return value.normalised()


class GarmentSerializer(StrictSerializer):
    """One garment of an outfit."""

    productImageId = Id()
    category = Choice(
        choices=GARMENT_CATEGORIES,
        required=False,
        allow_null=True,
        help_text=_("Without it, FASHN finds out what the garment is. Shoes and bags need it."),
    )


class GenerateSerializer(StrictSerializer):
    """``POST /generate``: one garment as ``productImageId``, or an outfit as ``garments``."""

    productImageId = Id(required=False, help_text=_("One garment. Leave it out if you send garments."))
    garments = Few(
        child=GarmentSerializer(),
        required=False,
        min_length=1,
        max_length=MOST_GARMENTS,
        help_text=_("An outfit: up to three garments on the same person, put on in their natural order."),
    )
    modelImageId = Id(required=False, help_text=_("A model photo. Leave it out if you send shopperPhotoId."))
    shopperPhotoId = Id(required=False, help_text=_("The shopper's own photo, in place of a model photo."))
    options = OptionsField(required=False, allow_null=True)

    @override
    def to_internal_value(self, data: Any) -> Any:
        for name, other in (("productImageId", "garments"), ("modelImageId", "shopperPhotoId")):
            self.fields[name].required = not (isinstance(data, Mapping) and other in data)
        return super().to_internal_value(data)

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments for the services: the photos in the order of their steps, and the options."""
        if {"modelImageId", "shopperPhotoId"} <= attrs.keys():
            raise serializers.ValidationError(
                {"shopperPhotoId": [_("Send modelImageId or shopperPhotoId, not both.")]}
            )
        garments, options = attrs.get("garments"), attrs.get("options") or TryOnOptions()
        if garments is None:
            photos = [attrs["productImageId"]]
        elif "productImageId" in attrs:
            raise serializers.ValidationError(
                {"productImageId": [_("Send productImageId or garments, not both.")]}
            )
        else:
            options, photos = _dressed(garments, options)
        return {
            "product_image_id": photos[0],
            "further_image_ids": photos[1:],
            "model_image_id": attrs.get("modelImageId"),
            "shopper_photo_id": attrs.get("shopperPhotoId"),
            "options": options,
        }


def _dressed(garments: list[dict[str, Any]], options: TryOnOptions) -> tuple[TryOnOptions, list[UUID]]:
    """Return the options of the whole outfit, and its photos in the order of their steps."""
    photos = [garment["productImageId"] for garment in garments]
    twice = [place for place, photo in enumerate(photos) if photo in photos[:place]]
    if twice:
        raise _refusal(f"garments.{twice[0]}.productImageId", _("The outfit has this photo already."))
    try:
        whole = outfit([garment.get("category") for garment in garments], options)
    except OptionError as error:
        raise _refusal(error.field, gettext(error.message) % error.words) from error
    return whole.options, [photos[place] for place in whole.places]


def _refusal(field: str, message: Any) -> serializers.ValidationError:
    """Return the error of a field such as ``garments.1.category``."""
    detail: Any = [message]
    for name in reversed(field.split(".")):
        detail = {name: detail}
    return serializers.ValidationError(detail)


class StatsQuery(FormSerializer):
    """The query of ``GET /stats``."""

    window = Choice(
        choices=[window.value for window in Window],
        required=False,
        help_text=_("The time to look back, 24h by default."),
    )


class JobQuery(ListQuery):
    """The query of ``GET /jobs``."""

    status = Choice(choices=Status.choices, required=False)
    productImageId = Id(required=False)
    productId = Text(required=False, max_length=100)
    modelImageId = Id(required=False)
    shopperPhotoId = Id(required=False)
    test = Flag(required=False)
    createdAfter = Moment(required=False)
    createdBefore = Moment(required=False)
    startedAfter = Moment(required=False)
    startedBefore = Moment(required=False)
    completedAfter = Moment(required=False)
    completedBefore = Moment(required=False)
