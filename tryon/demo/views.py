"""The demo shop: one page on which a visitor tries clothes on, through the public API."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from typing import Final

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from config.core.http.pagination import PAGE_SIZE
from config.core.images import MAX_UPLOAD_BYTES
from models_library.models import Category, ModelImage
from models_library.selectors import model_image_list
from results.models import Verdict
from tryon.demo.storefront import publishable_key_for
from tryon.models import ProductImage
from tryon.selectors.photos import catalogue

type View = Callable[[HttpRequest], HttpResponse]

PRODUCTS_PER_PAGE: Final = 60
TEXT_LENGTH: Final = 80
# Of the text beside the field for a visitor's own photo. Change it with the text.
CONSENT_VERSION: Final = "2026-11"


@dataclass(frozen=True, slots=True)
class Photo:
    """A garment or model photo in a picker. ``thumbnail`` and ``picture`` are signed URLs."""

    id: str
    name: str
    note: str
    thumbnail: str
    picture: str
    category: str = ""

    @property
    def as_json(self) -> str:
        """Return the JSON that the page's script reads from the photo's radio button."""
        return json.dumps(asdict(self))


def demo_only(view: View) -> View:
    """Answer 404 unless DEMO_SHOP is on."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not settings.DEMO_SHOP:
            raise Http404
        return view(request)

    return guarded


@require_safe
@demo_only
@cache_control(private=True, no_cache=True)
def shop(request: HttpRequest) -> HttpResponse:
    """The page: pickers and fitting room. Its script asks the API for what is the visitor's own."""
    models, more_models = page_of(model_image_list(), 1, PAGE_SIZE)
    context = {
        "publishable_key": publishable_key_for(f"{request.scheme}://{request.get_host()}"),
        "api": reverse("api-sessions").removesuffix("sessions"),
        "models": [person(photo) for photo in models],
        "next_model_page": 2 if more_models else "",
        "model_page_size": PAGE_SIZE,
        "categories": Category.choices,
        "photo_hours": settings.SHOPPER_PHOTO_TTL_HOURS,
        "consent_version": CONSENT_VERSION,
        "verdicts": Verdict.choices,
        "max_upload_bytes": MAX_UPLOAD_BYTES,
    }
    return render(request, "demo/shop.html", context | products_page(1))


@require_safe
@demo_only
@cache_control(private=True, no_cache=True)
def products(request: HttpRequest) -> HttpResponse:
    """More of the catalogue: the cards of ``?page=``, as a piece of HTML."""
    text = request.GET.get("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 6 and int(text) > 0):
        raise Http404
    return render(request, "demo/_products.html", products_page(int(text)))


def products_page(number: int) -> dict[str, object]:
    """Return one page of the catalogue and the address of the next one, empty at the end."""
    rows, more = page_of(catalogue().filter(is_active=True), number, PRODUCTS_PER_PAGE)
    return {
        "products": [garment(photo) for photo in rows],
        "next_products": f"{reverse('demo-products')}?page={number + 1}" if more else "",
    }


def page_of[Row: Model](rows: QuerySet[Row], number: int, size: int) -> tuple[list[Row], bool]:
    """Return a page, and whether another follows. It reads one row more than it shows, to save a count."""
    first = (number - 1) * size
    found = list(rows[first : first + size + 1])
    return found[:size], len(found) > size


def garment(photo: ProductImage) -> Photo:
    """A product photo as a card. Its metadata may carry ``name`` and ``price`` as the shop words them."""
    return Photo(
        id=str(photo.pk),
        name=wording(photo, "name") or photo.product_id,
        note=wording(photo, "price"),
        thumbnail=photo.thumbnail.url,
        picture=photo.processed.url,
    )


def person(photo: ModelImage) -> Photo:
    """A model photo as a card."""
    return Photo(
        id=str(photo.pk),
        name=photo.name,
        note=photo.get_category_display(),
        thumbnail=photo.thumbnail.url,
        picture=photo.image.url,
        category=photo.category,
    )


def wording(photo: ProductImage, field: str) -> str:
    """A short text from a product's metadata; clients write it, so anything else counts as absent."""
    text = photo.metadata.get(field) if isinstance(photo.metadata, dict) else None
    return text[:TEXT_LENGTH] if isinstance(text, str) else ""
