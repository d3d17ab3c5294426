"""Views for product photos that a shop uploads: upload, list, read, erase."""

from typing import Any, Final
from uuid import UUID

from django.http import QueryDict
from rest_framework import parsers
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Page
from config.core.http.idempotency.api import row_id_of
from config.core.http.operation import operation
from config.core.http.pagination import paginate
from config.core.http.parsers import JSONParser
from config.core.http.strict import validated
from config.core.images import ImageMissing
from config.core.rows import first_or
from config.shops.abilities import Ability
from config.shops.callers import NotAllowed, caller_of
from config.shops.permissions import needs
from tryon.access.photos import ProductImageNotFound, uploads_for
from tryon.api.answers import UploadAnswer, UploadedAnswer, upload_answers, uploaded_answer
from tryon.api.serializers import UploadByUrlSerializer, UploadQuery, UploadSerializer
from tryon.selectors.photos import with_files
from tryon.services.erasing import photo_erase
from tryon.services.products import photo_fetch, product_image_create

UPLOAD_LOOKUPS: Final = {
    "productId": "product_id",
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
}


class UploadView(APIView):
    """Upload a product photo."""

    parser_classes = [parsers.MultiPartParser, JSONParser]
    permission_classes = [needs(Ability.UPLOAD_PHOTOS)]

    @operation(
        "upload",
        422,
        507,
        status=201,
        body={"multipart/form-data": UploadSerializer, "application/json": UploadByUrlSerializer},
        tag="uploads",
        example={"fileUrl": "https://shop.example/shirt.jpg", "productId": "SKU-1"},
    )
    def post(self, request: Request) -> UploadedAnswer:
        caller = caller_of(request)
        wanted = upload_wanted(request)
        if "fileUrl" in wanted and not caller.may(Ability.FETCH_PHOTOS):
            raise NotAllowed
        photo, warnings = product_image_create(
            file=photo_fetch(wanted["fileUrl"]) if "fileUrl" in wanted else wanted["file"],
            product_id=wanted["productId"],
            metadata=wanted.get("metadata"),
            requester=caller.requester,
            shop=caller.shop,
            is_test=caller.is_test,
            photo_id=row_id_of(request),
        )
        return uploaded_answer(photo, warnings, request)


class UploadsView(APIView):
    """The product photos that the caller uploaded, newest first."""

    @operation("listUploads", query=UploadQuery)
    def get(self, request: Request, query: dict[str, Any]) -> Page[UploadAnswer]:
        lookups = {UPLOAD_LOOKUPS[name]: value for name, value in query.items() if name in UPLOAD_LOOKUPS}
        photos = with_files(uploads_for(caller_of(request))).filter(**lookups)
        rows, meta = paginate(photos, request, query)
        return Page(upload_answers(rows, request), meta)


class UploadedView(APIView):
    """One product photo."""

    @operation("getUpload")
    def get(self, request: Request, photo_id: UUID) -> UploadAnswer:
        """Read one of your product photos."""
        photos = with_files(uploads_for(caller_of(request)))
        photo = first_or(ProductImageNotFound, photos.filter(pk=photo_id))
        return upload_answers([photo], request)[0]

    @operation("deleteUpload", status=204)
    def delete(self, request: Request, photo_id: UUID) -> None:
        """Erase the photo, its try-ons and their results. Repeat it after an error."""
        caller = caller_of(request)
        # Also one without its files: an erasure that was cut off goes on.
        photo_erase(first_or(ProductImageNotFound, uploads_for(caller).filter(pk=photo_id)), caller)


def upload_wanted(request: Request) -> dict[str, Any]:
    """Return the values of an upload: a form with a ``file`` or a ``fileUrl``, or JSON with a ``fileUrl``."""
    if not isinstance(request.data, QueryDict):
        return validated(UploadByUrlSerializer, request.data)
    if "file" not in request.FILES and "fileUrl" not in request.data:
        raise ImageMissing
    return validated(UploadSerializer, request.data)
