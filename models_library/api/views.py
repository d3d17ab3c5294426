"""The library of model photos over HTTP."""

from typing import Any, Final
from uuid import UUID

from rest_framework import parsers
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core import clock
from config.core.http.envelope import Page, Ready
from config.core.http.idempotency.api import row_id_of
from config.core.http.operation import operation
from config.core.http.pages import ready_page, remembered_page
from config.core.http.pagination import paginate
from config.core.http.strict import validated
from config.core.http.warnings import warning_answers
from config.core.images import ImageMissing
from config.core.snapshots import Fresh, release_of
from config.shops.abilities import Ability
from config.shops.callers import caller_of
from config.shops.permissions import needs_to_write
from models_library.access import ModelImageNotFound, model_image_for
from models_library.api.serializers import (
    ModelImageAddedAnswer,
    ModelImageAnswer,
    ModelImageCreateSerializer,
    ModelImageQuery,
    ModelImageUpdateSerializer,
    model_image_answer,
    model_image_answers,
)
from models_library.models import LIBRARY, ModelImage
from models_library.selectors import model_image_list
from models_library.services import model_image_create, model_image_update

RELEASE: Final = release_of(model_image_answers, paginate, Page, ModelImage)


class ModelImagesView(APIView):
    """List the photos; add one with a manager key."""

    parser_classes = [parsers.MultiPartParser]
    permission_classes = [needs_to_write(Ability.ADD_MODELS)]

    @operation("listModels", 304, query=ModelImageQuery)
    def get(self, request: Request, query: dict[str, Any]) -> Ready[Page[ModelImageAnswer]]:
        """List the photos, newest first. A manager sees retired ones too."""
        retired = caller_of(request).may(Ability.SEE_RETIRED_MODELS)

        def read() -> Page[ModelImageAnswer]:
            photos = model_image_list(
                category=query.get("category", ""), search=query.get("q", ""), include_retired=retired
            )
            rows, meta = paginate(photos, request, query)
            return Page(model_image_answers(rows, request), meta)

        if "q" in query:
            return ready_page(request, read())  # searches differ too much to be asked for twice
        # Every shopper of every shop gets the same pages. A release begins and ends at midnight.
        midnight = clock.next_midnight()
        asked = ("models", RELEASE, retired, sorted(query.items()))
        return remembered_page(request, LIBRARY, asked, lambda: Fresh(read(), midnight))

    @operation("createModel", 409, 422, 503, 507, status=201, body=ModelImageCreateSerializer)
    def post(self, request: Request) -> ModelImageAddedAnswer:
        """Add a photo. It needs a manager key."""
        if "file" not in request.FILES:
            raise ImageMissing
        form = validated(ModelImageCreateSerializer, request.data)
        photo, warnings = model_image_create(**form, photo_id=row_id_of(request))
        return {**model_image_answer(photo, request), "warnings": warning_answers(warnings)}


class ModelImageView(APIView):
    """One photo. Change it with a manager key."""

    permission_classes = [needs_to_write(Ability.CHANGE_MODELS)]

    @operation("getModel")
    def get(self, request: Request, image_id: UUID) -> ModelImageAnswer:
        """Read one photo."""
        photo = model_image_for(image_id)
        if not (photo.is_usable or caller_of(request).may(Ability.SEE_RETIRED_MODELS)):
            raise ModelImageNotFound
        return model_image_answer(photo, request)

    @operation("updateModel", body=ModelImageUpdateSerializer, example={"isActive": False})
    def patch(self, request: Request, image_id: UUID) -> ModelImageAnswer:
        """Change or retire a photo. It needs a manager key."""
        photo = model_image_for(image_id)
        changes = validated(ModelImageUpdateSerializer, request.data)
        return model_image_answer(model_image_update(photo, **changes), request)
