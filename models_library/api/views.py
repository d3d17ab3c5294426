"""The library of model photos over HTTP."""

from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import parsers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.core.http.envelope import answers, enveloped, success
from config.core.http.pagination import paginate
from config.core.images import ImageMissing
from config.shops.callers import caller_of
from config.shops.permissions import ManagerMayWrite
from models_library.access import model_image_for
from models_library.api.serializers import (
    ModelImageCreateSerializer,
    ModelImageSerializer,
    ModelImageUpdateSerializer,
)
from models_library.models import Category
from models_library.selectors import model_image_list
from models_library.services import model_image_create, model_image_update


class ModelImagesView(APIView):
    """List the photos; add one with a manager key."""

    parser_classes = [parsers.MultiPartParser]
    permission_classes = [ManagerMayWrite]

    @extend_schema(
        operation_id="models",
        parameters=[
            OpenApiParameter("category", enum=Category.values),
            OpenApiParameter("q", description="Words in the name or the tags."),
            OpenApiParameter("page", int),
            OpenApiParameter("pageSize", int),
        ],
        responses=answers({200: enveloped(ModelImageSerializer, many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        category = request.query_params.get("category", "")
        if category and category not in Category.values:
            allowed = ", ".join(Category.values)
            raise ValidationError({"category": [_("Use one of %(allowed)s.") % {"allowed": allowed}]})
        photos = model_image_list(
            category=category,
            search=request.query_params.get("q", ""),
            include_retired=caller_of(request).is_manager,
        )
        rows, meta = paginate(photos, request)
        return success(ModelImageSerializer(rows, many=True, context={"request": request}).data, meta=meta)

    @extend_schema(
        operation_id="modelCreate",
        request=ModelImageCreateSerializer,
        responses=answers({201: enveloped(ModelImageSerializer)}, 400, 403, 409, 413, 415, 422, 503, 507),
    )
    def post(self, request: Request) -> Response:
        if "file" not in request.FILES:
            raise ImageMissing
        form = ModelImageCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        photo = model_image_create(**form.validated_data)
        return success(ModelImageSerializer(photo, context={"request": request}).data, status=201)


class ModelImageView(APIView):
    """Change one photo, with a manager key."""

    permission_classes = [ManagerMayWrite]

    @extend_schema(
        operation_id="modelUpdate",
        request=ModelImageUpdateSerializer,
        responses=answers({200: enveloped(ModelImageSerializer)}, 400, 403, 404, 415),
    )
    def patch(self, request: Request, image_id: UUID) -> Response:
        photo = model_image_for(image_id)
        changes = ModelImageUpdateSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        photo = model_image_update(photo, **changes.validated_data)
        return success(ModelImageSerializer(photo, context={"request": request}).data)
