"""The demo shop: one page on which a visitor tries clothes on, through the public API."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import wraps
from typing import Final

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe
from rest_framework.request import Request

from config.core.http.pagination import PAGE_SIZE
from config.core.images import MAX_UPLOAD_BYTES
from models_library.models import Category, ModelImage
from models_library.selectors import model_image_list
from results.models import Verdict
from tryon.demo.authentication import VisitorAuthentication, is_visiting, welcome
from tryon.fashn.options import DEFAULT_MODE
from tryon.models import ProductImage, TryOnJob
from tryon.selectors import catalogue, with_files

type View = Callable[[HttpRequest], HttpResponse]

PRODUCTS_PER_PAGE: Final = 60
OWN_PHOTOS_SHOWN: Final = 24
TRYONS_SHOWN: Final = 12
TEXT_LENGTH: Final = 80


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


@dataclass(frozen=True, slots=True)
class TryOn:
    """One of the visitor's earlier try-ons. ``choice`` is JSON: garment, model and mode."""

    job_id: str
    title: str
    status: str
    status_label: str
    thumbnail: str
    choice: str


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
@ensure_csrf_cookie
def shop(request: HttpRequest) -> HttpResponse:
    """The page: pickers, fitting room, and what this visitor tried on before.

    A browser that has no session gets none: ``visit`` begins it.
    """
    requester = requester_of(request)
    own = [] if requester is None else own_photos(requester)
    models, more_models = page_of(model_image_list(), 1, PAGE_SIZE)
    context = {
        "own_photos": [garment(photo, note=_("Your garment")) for photo in own],
        "models": [person(photo) for photo in models],
        "next_model_page": 2 if more_models else "",
        "model_page_size": PAGE_SIZE,
        "categories": Category.choices,
        "tryons": [] if requester is None else recent_tryons(requester, own),
        "is_visiting": is_visiting(request),
        "verdicts": Verdict.choices,
        "max_upload_bytes": MAX_UPLOAD_BYTES,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
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


@require_POST
@demo_only
def visit(request: HttpRequest) -> HttpResponse:
    """Begin a visit: from now on the API knows this browser by its session."""
    welcome(request)
    return HttpResponse(status=204)


def requester_of(request: HttpRequest) -> str | None:
    """Return the requester that the API sees behind this session, None before a visit."""
    signed_in = VisitorAuthentication().authenticate(Request(request))
    return None if signed_in is None else signed_in[0].requester


def own_photos(requester: str) -> list[ProductImage]:
    """Return the visitor's latest uploads."""
    return list(with_files(ProductImage.objects.filter(requester=requester))[:OWN_PHOTOS_SHOWN])


def products_page(number: int) -> dict[str, object]:
    """Return one page of the catalogue and the address of the next one, empty at the end."""
    rows, more = page_of(catalogue(), number, PRODUCTS_PER_PAGE)
    return {
        "products": [garment(photo) for photo in rows],
        "next_products": f"{reverse('demo-products')}?page={number + 1}" if more else "",
    }


def page_of[Row: Model](rows: QuerySet[Row], number: int, size: int) -> tuple[list[Row], bool]:
    """Return a page, and whether another follows. It reads one row more than it shows, to save a count."""
    first = (number - 1) * size
    found = list(rows[first : first + size + 1])
    return found[:size], len(found) > size


def recent_tryons(requester: str, own: list[ProductImage]) -> list[TryOn]:
    """Return the visitor's latest try-ons, newest first, so that a visitor who comes back finds them.

    Only their own, also for staff, who may see every job.
    """
    jobs = TryOnJob.objects.filter(viewers__requester=requester, viewers__left_at=None).order_by(
        "-viewers__pk"
    )
    jobs = jobs.exclude(product_image__processed="").exclude(model_image__image="")
    jobs = jobs.select_related("product_image", "model_image", "result")[:TRYONS_SHOWN]
    own_copies = {photo.checksum: photo for photo in own}
    return [tryon(job, job.model_image, own_copies) for job in jobs if job.model_image is not None]


def worn_in(job: TryOnJob, own_copies: dict[str, ProductImage]) -> Photo:
    """The garment of a visitor's try-on.

    Visitors who upload the same file share its job, and the job has the first one's photo. Its id is of no
    use to the others, and what the first one called it is not for them to read.
    """
    photo = job.product_image
    if photo.requester == "":
        return garment(photo)
    if own := own_copies.get(photo.checksum):
        return garment(own)
    return replace(garment(photo), name=_("Your garment"))


def garment(photo: ProductImage, *, note: str = "") -> Photo:
    """A product photo as a card. Its metadata may carry ``name`` and ``price`` as the shop words them."""
    return Photo(
        id=str(photo.pk),
        name=wording(photo, "name") or photo.product_id,
        note=note or wording(photo, "price"),
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


def tryon(job: TryOnJob, model: ModelImage, own_copies: dict[str, ProductImage]) -> TryOn:
    """An earlier try-on as a card. ``job`` comes with its photos and its result, where there is one."""
    worn, wearer = worn_in(job, own_copies), person(model)
    choice = {
        "garment": asdict(worn),
        "model": asdict(wearer),
        "mode": job.options.get("mode", DEFAULT_MODE),
    }
    return TryOn(
        job_id=str(job.pk),
        title=_("%(garment)s on %(model)s") % {"garment": worn.name, "model": wearer.name},
        status=job.status,
        status_label=job.get_status_display(),
        thumbnail=job.result.thumbnail.url if hasattr(job, "result") else wearer.thumbnail,
        choice=json.dumps(choice),
    )


def wording(photo: ProductImage, field: str) -> str:
    """A short text from a product's metadata; clients write it, so anything else counts as absent."""
    text = photo.metadata.get(field) if isinstance(photo.metadata, dict) else None
    return text[:TEXT_LENGTH] if isinstance(text, str) else ""
