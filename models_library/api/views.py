"""The library of model photos over HTTP."""

from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import parsers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Page
from config.core.http.operation import PAGE_PARAMETERS, operation
from config.core.http.pagination import paginate
from config.core.http.warnings import warning_answers
from config.core.images import ImageMissing
from config.shops.abilities import Ability
from config.shops.callers import caller_of
from config.shops.permissions import needs_to_write
from models_library.access import model_image_for
from models_library.api.serializers import (
    ModelImageAddedAnswer,
    ModelImageAnswer,
    ModelImageCreateSerializer,
    ModelImageUpdateSerializer,
    model_image_answer,
    model_image_answers,
)
from models_library.models import Category
from models_library.selectors import model_image_list
from models_library.services import model_image_create, model_image_update

# Each word is one more condition for the database: six thousand took it a minute and a half.
MOST_SEARCH_WORDS: Final = 10
MOST_SEARCH_CHARACTERS: Final = 100


class ModelImagesView(APIView):
    """List the photos; add one with a manager key."""

    parser_classes = [parsers.MultiPartParser]
    permission_classes = [needs_to_write(Ability.ADD_MODELS)]

    @operation(
        "models",
        query=[
            OpenApiParameter("category", enum=Category.values),
            OpenApiParameter("q", description="Words in the name or the tags, ten at most."),
            *PAGE_PARAMETERS,
        ],
    )
    def get(self, request: Request) -> Page[ModelImageAnswer]:
        category = request.query_params.get("category", "")
        if category and category not in Category.values:
            allowed = ", ".join(Category.values)
            raise ValidationError({"category": [_("Use one of %(allowed)s.") % {"allowed": allowed}]})
        search = request.query_params.get("q", "")
        if len(search) > MOST_SEARCH_CHARACTERS or len(search.split()) > MOST_SEARCH_WORDS:
            raise ValidationError({"q": [_("Use at most ten words and 100 characters.")]})
        photos = model_image_list(
            category=category,
            search=search,
            include_retired=caller_of(request).may(Ability.SEE_RETIRED_MODELS),
        )
        rows, meta = paginate(photos, request)
        return Page(model_image_answers(rows, request), meta)

    @operation("modelCreate", 409, 422, 503, 507, status=201, body=ModelImageCreateSerializer)
    def post(self, request: Request) -> ModelImageAddedAnswer:
        if "file" not in request.FILES:
            raise ImageMissing
        form = ModelImageCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        photo, warnings = model_image_create(**form.validated_data)
        return {**model_image_answer(photo, request), "warnings": warning_answers(warnings)}


class ModelImageView(APIView):
    """Change one photo, with a manager key."""

    permission_classes = [needs_to_write(Ability.CHANGE_MODELS)]

    @operation("modelUpdate", body=ModelImageUpdateSerializer)
    def patch(self, request: Request, image_id: UUID) -> ModelImageAnswer:
        photo = model_image_for(image_id)
        changes = ModelImageUpdateSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        return model_image_answer(model_image_update(photo, **changes.validated_data), request)
