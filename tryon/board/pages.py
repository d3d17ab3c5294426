"""The page of the board, and the plan that fills it."""

from collections.abc import Iterable
from itertools import islice
from typing import Final, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from config.core.admin.pages import admin_page, page_response
from config.shops.abilities import Ability
from tryon.batches.plans import MOST_PAIRS, plan_make
from tryon.board.cells import CellState, Place, missing_places, rows_of
from tryon.board.forms import BoardForm, FillForm
from tryon.catalogue.models import Product
from tryon.comparisons.admin import new_comparison
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import TryOnOptions

# Rows that come at once. The browser keeps a few of these windows.
WINDOW: Final = 20
# The page tells the number of the products up to here. Filters find those behind.
MOST_PRODUCTS: Final = 5_000


@admin_page("board/", name="board", permission=Ability.SEE_ALL_RESULTS)
@require_http_methods(["GET", "HEAD", "POST"])
def board(request: HttpRequest) -> HttpResponse:
    """Show the products by the model photos, or some rows of them; by POST, plan what is chosen."""
    form = BoardForm(request.GET)
    if request.method == "POST":
        return _fill(request, form)
    return _page(request, form, FillForm())


def _page(request: HttpRequest, form: BoardForm, fill: FillForm, *, status: int = 200) -> TemplateResponse:
    """Return the page. Its browser asks for further rows alone, with ``rows`` in the address."""
    start = _start(request.GET)
    products, model_photos = form.products().select_related("source_photo"), form.model_photos()
    rows = rows_of(list(products[start : start + WINDOW]), model_photos)
    context = {"rows": rows, "start": start, "model_photos": model_photos, "may_plan": _may_plan(request)}
    if "rows" in request.GET:
        return TemplateResponse(request, "admin/board/_rows.html", context)
    number = products.order_by()[:MOST_PRODUCTS].count()
    context |= {
        "form": form,
        "fill": fill,
        "number": number,
        "is_more": number == MOST_PRODUCTS,
        "window": WINDOW,
        "query": _without(request.GET, "from", "rows"),
        "before": max(0, start - WINDOW) if start else None,
        "after": start + WINDOW if start + WINDOW < number else None,
        "states": CellState,
    }
    return page_response(
        request, "admin/board/board.html", title=gettext("Coverage board"), status=status, **context
    )


def _fill(request: HttpRequest, form: BoardForm) -> HttpResponse:
    """Make a plan of the chosen cells, or of what is missing. It costs nothing before it is confirmed."""
    if not _may_plan(request):
        raise PermissionDenied
    fill = FillForm(request.POST)
    if not fill.is_valid():
        return _page(request, form, fill, status=400)
    if fill.cleaned_data["choice"] == FillForm.COMPARE:
        return new_comparison(request, _with_photos(fill.cleaned_data["place"]))
    recipe, credits = fill.cleaned_data["recipe"], fill.cleaned_data["credits"]
    options = TryOnOptions.from_mapping(recipe.options if recipe else {})
    places: Iterable[Place] = fill.cleaned_data["place"]
    if fill.cleaned_data["choice"] == FillForm.MISSING:
        most = min(MOST_PAIRS, credits // total_credits(options))
        places = islice(missing_places(form.products(), form.model_photos()), most)
    if not (pairs := _with_photos(list(places))):
        messages.info(
            request, gettext("Nothing is missing here: each product has all of these model photos.")
        )
        return redirect(f"{reverse('admin:board')}?{request.GET.urlencode()}")
    person = cast(User, request.user)
    batch = plan_make(person, pairs=pairs, options=options, recipe=recipe, max_credits=credits)
    return redirect("admin:batch", batch.pk)


def _with_photos(places: list[Place]) -> list[Place]:
    """Return the source photo in place of each product. A product without one has no pair."""
    wanted = Product.objects.filter(
        pk__in={product for product, _model in places}, source_photo__isnull=False
    )
    sources = dict(wanted.values_list("pk", "source_photo"))
    return [(sources[product], model) for product, model in places if product in sources]


def _may_plan(request: HttpRequest) -> bool:
    return request.user.has_perm(Ability.START_TRYONS)


def _start(query: QueryDict) -> int:
    """Return the first row to show: a whole number of windows."""
    text = query.get("from", "")
    number = int(text) if text.isdecimal() and len(text) < 8 else 0
    return number - number % WINDOW


def _without(query: QueryDict, *names: str) -> str:
    """Return the part of an address after "?", without some of its fields."""
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return kept.urlencode()
