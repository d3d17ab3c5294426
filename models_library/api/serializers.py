"""Model photos as the API accepts and returns them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict, override
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from config.core.http.envelope import Url, absolute_urls
from config.core.http.pagination import ListQuery
from config.core.http.strict import Choice, Few, Flag, FormSerializer, StrictSerializer, Text, is_text_only
from config.core.http.warnings import WarningAnswer
from config.core.search import MOST_SEARCH_CHARACTERS, TOO_MUCH_TO_SEARCH, is_too_much_to_search
from models_library.models import Category, ModelImage

MAX_TAGS = 20


class TagsField(Few):
    """A list in JSON; in a form, repeated fields or one field with commas."""

    child = Text(max_length=40)

    @override
    def to_internal_value(self, data: Any) -> list[Any]:
        if is_text_only(self) and len(data) == 1 and isinstance(data[0], str):
            data = [tag for tag in data[0].split(",") if tag.strip()]
        return super().to_internal_value(data)


class ModelImageQuery(ListQuery):
    """The query of ``GET /models``."""

    category = Choice(choices=Category.choices, required=False)
    q = Text(
        required=False,
        max_length=MOST_SEARCH_CHARACTERS,
        help_text=_("Words in the name or the tags, ten at most."),
        error_messages={"max_length": TOO_MUCH_TO_SEARCH},
    )

    def validate_q(self, text: str) -> str:
        if is_too_much_to_search(text):
            raise serializers.ValidationError(TOO_MUCH_TO_SEARCH)
        return text


class ModelImageCreateSerializer(FormSerializer):
    """``POST /models``: a multipart form."""

    file = serializers.FileField(allow_empty_file=True)  # the image pipeline says it better
    name = Text(max_length=200)
    category = Choice(choices=Category.choices)
    tags = TagsField(required=False, max_length=MAX_TAGS)
    isActive = Flag(source="is_active", required=False, help_text=_("False adds a retired photo."))


class ModelImageUpdateSerializer(StrictSerializer):
    """``PATCH /models/{id}``."""

    name = Text(max_length=200, required=False)
    category = Choice(choices=Category.choices, required=False)
    tags = TagsField(required=False, max_length=MAX_TAGS)
    isActive = Flag(source="is_active", required=False)


class ModelImageAnswer(TypedDict):
    """A model photo."""

    id: UUID
    name: str
    imageUrl: Url
    thumbnailUrl: Url
    category: Annotated[str, Category]
    tags: list[str]
    isActive: bool
    createdAt: datetime


class ModelImageAddedAnswer(ModelImageAnswer):
    """A model photo just added, with warnings about it."""

    warnings: list[WarningAnswer]


def model_image_answers(photos: Sequence[ModelImage], request: Request) -> list[ModelImageAnswer]:
    """Return photos as the API shows them."""
    urls = absolute_urls(request, [file for photo in photos for file in (photo.image, photo.thumbnail)])
    return [_answer(photo, urls) for photo in photos]


def model_image_answer(photo: ModelImage, request: Request) -> ModelImageAnswer:
    """Return a photo as the API shows it."""
    return model_image_answers([photo], request)[0]


def _answer(photo: ModelImage, urls: Mapping[str, Url]) -> ModelImageAnswer:
    return {
        "id": photo.pk,
        "name": photo.name,
        "imageUrl": urls[str(photo.image)],
        "thumbnailUrl": urls[str(photo.thumbnail)],
        "category": photo.category,
        "tags": photo.tags,
        "isActive": photo.is_usable,
        "createdAt": photo.created_at,
    }
