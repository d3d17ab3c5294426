"""The search from anywhere: products, photos, jobs, batches and results that a person may see.

Each kind takes one bounded query. Ids are found through their indexes, and names are looked for in the small
tables only. Nothing is looked for by a shopper, and no picture of one is shown.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.core.admin.navigation import address_of, address_of_row
from config.core.admin.pages import admin_page, page_response
from config.core.admin.widgets import moment
from config.core.search import TOO_MUCH_TO_SEARCH, is_too_much_to_search
from config.shops.abilities import Ability, is_allowed
from models_library.models import ModelImage
from results.models import TryOnResult
from tryon.archive.models import ArchivedJob
from tryon.batches.models import Batch
from tryon.catalogue.models import Product
from tryon.models import Prediction, ProductImage, TryOnJob

MOST_HITS: Final = 10  # of each kind
ID_DIGITS: Final = 32
LEAST_DIGITS: Final = 6  # of the beginning of an id


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found: its address, its name, and a word about it. Without a picture for a shopper's."""

    address: str
    name: str
    about: Any = ""
    picture: FieldFile | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Rows that a person may look for, with the address of the list that has all of them."""

    label: Any
    permission: str
    list_name: str
    hits: Callable[[str], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one kind. ``all_address`` leads to the list, if there may be more."""

    label: Any
    hits: list[Hit]
    all_address: str


@admin_page("search/", name="search", permission=None)
def search_page(request: HttpRequest) -> TemplateResponse:
    """Show what was found for ``?q=``."""
    term = request.GET.get("q", "").strip()
    problem = TOO_MUCH_TO_SEARCH if is_too_much_to_search(term) else ""
    found = list(everything_found(request, term)) if term and not problem and "\0" not in term else []
    return page_response(
        request, "admin/search.html", title=_("Search"), search_term=term, problem=problem, found=found
    )


def everything_found(request: HttpRequest, term: str) -> Iterator[Found]:
    """Yield the kinds with hits, of those that the person may see."""
    for kind in KINDS:
        if is_allowed(request.user, kind.permission) and (hits := list(kind.hits(term))):
            whole = address_of(kind.list_name) if len(hits) == MOST_HITS else None
            yield Found(kind.label, hits, f"{whole}?{query_of(term)}" if whole else "")


def query_of(term: str) -> str:
    """Return the query of a list that looks for the same."""
    return reverse("admin:search", query={"q": term}).partition("?")[2]


def products(term: str) -> Iterator[Hit]:
    rows = Product.objects.filter(Q(product_id__icontains=term) | Q(name__icontains=term))
    for row in rows.select_related("source_photo").order_by()[:MOST_HITS]:
        photo = row.source_photo
        yield Hit(address_of_row(row), row.product_id, row.name, photo.thumbnail if photo else None)


def product_photos(term: str) -> Iterator[Hit]:
    """Yield photos by the beginning of their product, as written, in capitals or in small letters."""
    beginnings = {term, term.upper(), term.lower()}
    match = Q(pk__in=[])
    for beginning in beginnings:
        match |= Q(product_id__startswith=beginning)
    if (ids := ids_beginning_with(term)) is not None:
        match |= Q(pk__range=ids)
    for row in ProductImage.objects.filter(match).order_by()[:MOST_HITS]:
        yield Hit(address_of_row(row), str(row), moment(row.created_at), row.thumbnail)


def model_photos(term: str) -> Iterator[Hit]:
    rows = ModelImage.objects.filter(name__icontains=term).order_by()
    for row in rows[:MOST_HITS]:
        yield Hit(address_of_row(row), str(row), row.get_category_display(), row.thumbnail)


def jobs(term: str) -> Iterator[Hit]:
    """Yield jobs by the beginning of their id, or by FASHN's id of one of their calls."""
    match = Q(pk__in=Prediction.objects.filter(provider_id=term).values("job"))
    if (ids := ids_beginning_with(term)) is not None:
        match |= Q(pk__range=ids)
    rows = TryOnJob.objects.filter(match).select_related("product_image").order_by()
    for row in rows[:MOST_HITS]:
        about = f"{row.get_status_display()} · {row.product_image} · {moment(row.created_at)}"
        yield Hit(address_of_row(row), str(row.pk), about)


def archived_jobs(term: str) -> Iterator[Hit]:
    if (ids := ids_beginning_with(term)) is None:
        return
    for row in ArchivedJob.objects.filter(pk__range=ids).order_by()[:MOST_HITS]:
        about = f"{row.get_status_display()} · {row.product_id} · {moment(row.created_at)}"
        yield Hit(address_of_row(row), str(row.pk), about)


def batches(term: str) -> Iterator[Hit]:
    match = Q(name__icontains=term)
    if (ids := ids_beginning_with(term)) is not None:
        match |= Q(pk__range=ids)
    for row in Batch.objects.filter(match).defer("selection").order_by()[:MOST_HITS]:
        yield Hit(address_of_row(row), row.name, f"{row.get_state_display()} · {moment(row.created_at)}")


def results(term: str) -> Iterator[Hit]:
    """Yield results by the beginning of their id or of their job's. Those of shoppers' photos are theirs."""
    if (ids := ids_beginning_with(term)) is None:
        return
    rows = TryOnResult.objects.filter(
        Q(pk__range=ids) | Q(job__gte=ids[0], job__lte=ids[1]), job__shopper_photo=None
    )
    for row in rows.select_related("job__product_image").order_by()[:MOST_HITS]:
        yield Hit(
            address_of_row(row),
            str(row.pk),
            f"{row.job.product_image} · {row.get_review_display()}",
            row.thumbnail,
        )


KINDS: Final = (
    Kind(_("Products"), "catalogue.view_product", "catalogue_product_changelist", products),
    Kind(_("Product photos"), Ability.USE_ANY_PHOTO, "tryon_productimage_changelist", product_photos),
    Kind(_("Model photos"), Ability.SEE_RETIRED_MODELS, "models_library_modelimage_changelist", model_photos),
    Kind(_("Jobs"), Ability.SEE_ALL_JOBS, "tryon_tryonjob_changelist", jobs),
    Kind(_("Archived jobs"), Ability.SEE_ALL_JOBS, "archive_archivedjob_changelist", archived_jobs),
    Kind(_("Batches"), "batches.view_batch", "batches_batch_changelist", batches),
    Kind(_("Results"), Ability.SEE_ALL_RESULTS, "results_tryonresult_changelist", results),
)


def ids_beginning_with(term: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last id that begin with a text. None if it is no beginning of an id."""
    digits = term.replace("-", "").lower()
    if not LEAST_DIGITS <= len(digits) <= ID_DIGITS or not {*digits} <= {*"0123456789abcdef"}:
        return None
    return UUID(digits.ljust(ID_DIGITS, "0")), UUID(digits.ljust(ID_DIGITS, "f"))
