"""The demo shop: a page of products as any shop could have it. The widget does all the rest."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from tryon.demo.storefront import publishable_key_for
from tryon.models import ProductImage
from tryon.selectors.photos import catalogue, with_files

PRODUCTS_PER_PAGE: Final = 24
TEXT_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class Product:
    """A product in the list. ``picture`` is a signed URL."""

    product_id: str
    name: str
    price: str
    picture: str


@require_safe
@cache_control(private=True, no_cache=True)
def shop(request: HttpRequest) -> HttpResponse:
    """Show one page of the catalogue: the demo's only page. It answers 404 unless DEMO_SHOP is on."""
    text = request.GET.get("page", "1")
    if not (settings.DEMO_SHOP and text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):
        raise Http404
    page = int(text)
    first = (page - 1) * PRODUCTS_PER_PAGE
    photos = with_files(catalogue()).filter(is_active=True, view__in=["", "front"])
    rows = list(photos[first : first + PRODUCTS_PER_PAGE + 1])  # one more, to save a count
    context = {
        "publishable_key": publishable_key_for(f"{request.scheme}://{request.get_host()}"),
        "products": [product(photo) for photo in rows[:PRODUCTS_PER_PAGE]],
        "page": page,
        "has_more": len(rows) > PRODUCTS_PER_PAGE,
    }
    return render(request, "demo/shop.html", context)


def product(photo: ProductImage) -> Product:
    """Return the product of a photo. Its metadata may carry ``name`` and ``price`` as the shop words them."""
    name, price = wording(photo, "name") or photo.product_id, wording(photo, "price")
    return Product(photo.product_id, name, price, photo.thumbnail.url)


def wording(photo: ProductImage, field: str) -> str:
    """Return a short text of a photo's metadata. Clients write it, so anything else counts as absent."""
    text = photo.metadata.get(field) if isinstance(photo.metadata, dict) else None
    return text[:TEXT_LENGTH] if isinstance(text, str) else ""
