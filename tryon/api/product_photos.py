"""The photos of a product that the caller may try on: a page knows its product's number only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.views import APIView

from config.core.http.envelope import Page, Url, absolute_urls
from config.core.http.operation import operation
from config.core.http.pagination import ListQuery, paginate
from config.core.http.strict import Text
from config.shops.abilities import Ability
from config.shops.callers import caller_of
from config.shops.permissions import needs
from tryon.access.photos import product_photos_for
from tryon.models import ProductImage


class ProductPhotoQuery(ListQuery):
    """The query of ``GET /product-photos``. The number is needed: nobody reads a whole catalogue here."""

    productId = Text(max_length=100)


class ProductPhotoAnswer(TypedDict):
    """A photo of a product, to try on."""

    id: Annotated[UUID, _("Send it as productImageId.")]
    productId: str
    imageUrl: Url
    thumbnailUrl: Url
    view: Annotated[str, _("The side that it shows, such as front or back, if somebody has said so.")]
    width: int
    height: int
    createdAt: datetime


class ProductPhotosView(APIView):
    """The photos of one product that the caller may try on."""

    permission_classes = [needs(Ability.START_TRYONS)]

    @operation("listProductPhotos", query=ProductPhotoQuery)
    def get(self, request: Request, query: dict[str, Any]) -> Page[ProductPhotoAnswer]:
        """List the photos of a product, newest first: the shop's uploads and those of the catalogue."""
        photos = product_photos_for(caller_of(request)).filter(product_id=query["productId"], is_active=True)
        rows, meta = paginate(photos, request, query)
        return Page(product_photo_answers(rows, request), meta)


def product_photo_answers(photos: Sequence[ProductImage], request: Request) -> list[ProductPhotoAnswer]:
    """Return photos as the API shows them to who may try them on."""
    urls = absolute_urls(request, [file for photo in photos for file in (photo.processed, photo.thumbnail)])
    return [_answer(photo, urls) for photo in photos]


def _answer(photo: ProductImage, urls: Mapping[str, Url]) -> ProductPhotoAnswer:
    return {
        "id": photo.pk,
        "productId": photo.product_id,
        "imageUrl": urls[str(photo.processed)],
        "thumbnailUrl": urls[str(photo.thumbnail)],
        "view": photo.view,
        "width": photo.width,
        "height": photo.height,
        "createdAt": photo.created_at,
    }
