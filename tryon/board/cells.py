"""The cells of the board: what is there of each product on each model photo."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, TextChoices, Value, When, Window
from django.db.models.functions import RowNumber
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.core.storage import addresses
from models_library.models import ModelImage
from results.models import Review
from tryon.catalogue.models import Product
from tryon.models import ACTIVE, Account, Status, TryOnJob

# A statement reads the attempts of so many products.
AT_ONCE: Final = 100

type Place = tuple[UUID, UUID]
"""A product and a model photo."""


class CellState(TextChoices):
    """What a cell has, by the attempt that counts most."""

    MISSING = "missing", _("Missing")
    QUEUED = "queued", _("Under way")
    FAILED = "failed", _("Failed")
    TO_REVIEW = "to_review", _("To review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    STALE = "stale", _("Stale")


# Another try-on makes sense for these.
OPEN: Final = frozenset({CellState.MISSING, CellState.FAILED, CellState.REJECTED, CellState.STALE})

REVIEWED: Final = {
    Review.PENDING: CellState.TO_REVIEW,
    Review.APPROVED: CellState.APPROVED,
    Review.REJECTED: CellState.REJECTED,
    Review.ALMOST: CellState.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A place of the board. ``thumbnail`` is the signed address of its picture, empty without one."""

    product: Product
    model_photo: ModelImage
    state: CellState
    label: str | Promise
    thumbnail: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether another try-on makes sense."""
        return self.state in OPEN

    @property
    def value(self) -> str:
        """Return the place as a form sends it."""
        return f"{self.product.pk}:{self.model_photo.pk}"


@dataclass(frozen=True, slots=True)
class Row:
    """A product, and its cells in the order of the model photos."""

    product: Product
    thumbnail: str
    cells: Sequence[Cell]


def attempts(products: Iterable[Product], model_photos: Iterable[ModelImage]) -> QuerySet[TryOnJob]:
    """Return the attempt that counts for each place that has one.

    One under way counts most, then the newest picture, then the newest failure. Canceled ones and those
    whose picture is gone don't count, nor do shoppers' own and tests.
    """
    weight = Case(
        When(status__in=ACTIVE, then=Value(0)), When(status=Status.COMPLETED, then=Value(1)), default=Value(2)
    )
    newest = Window(
        RowNumber(),
        partition_by=[F("product_image__catalogue_product"), F("model_image")],
        order_by=[weight, F("created_at").desc()],
    )
    return (
        TryOnJob.objects.filter(
            Q(status__in=[*ACTIVE, Status.FAILED]) | Q(status=Status.COMPLETED, result__isnull=False),
            product_image__catalogue_product__in=[product.pk for product in products],
            model_image__in=[photo.pk for photo in model_photos],
            account=Account.LIVE,
        )
        .annotate(place=newest)
        .filter(place=1)
    )


def states_of(
    products: Iterable[Product], model_photos: Sequence[ModelImage]
) -> Mapping[Place, tuple[CellState, str, str]]:
    """Return the state, the review and the thumbnail's key of each place that is not missing."""
    found = attempts(products, model_photos).values_list(
        "product_image__catalogue_product",
        "model_image",
        "status",
        "product_image__is_active",
        "result__review",
        "result__thumbnail",
    )
    return {
        (product, model): (state_of(status, is_active, review), review or "", thumbnail or "")
        for product, model, status, is_active, review, thumbnail in found
    }


def state_of(status: str, is_active: bool, review: str | None) -> CellState:
    """Return the state that an attempt gives its cell. A retired photo's picture shows what is not sold."""
    if status in ACTIVE:
        return CellState.QUEUED
    if review is None:
        return CellState.FAILED
    state = REVIEWED[Review(review)]
    return state if is_active or state == CellState.REJECTED else CellState.STALE


def rows_of(products: Sequence[Product], model_photos: Sequence[ModelImage]) -> list[Row]:
    """Return the rows of some products. One statement reads all of their cells."""
    states = states_of(products, model_photos)
    sources = [product.source_photo.thumbnail.name for product in products if product.source_photo]
    signed = addresses([*filter(None, sources), *(key for _state, _review, key in states.values() if key)])

    def cell(product: Product, photo: ModelImage) -> Cell:
        state, review, key = states.get((product.pk, photo.pk), (CellState.MISSING, "", ""))
        label = Review.ALMOST.label if review == Review.ALMOST else state.label
        return Cell(product, photo, state, label, signed.get(key, ""))

    return [
        Row(
            product,
            signed.get(product.source_photo.thumbnail.name or "", "") if product.source_photo else "",
            [cell(product, photo) for photo in model_photos],
        )
        for product in products
    ]


def missing_places(products: QuerySet[Product], model_photos: Sequence[ModelImage]) -> Iterator[Place]:
    """Yield the places with nothing at all, in the order of the board. Products without a photo have none."""
    usable = products.filter(source_photo__is_active=True)
    for some in batched(usable.iterator(AT_ONCE), AT_ONCE, strict=False):
        states = states_of(some, model_photos)
        for product in some:
            places = ((product.pk, photo.pk) for photo in model_photos)
            yield from (place for place in places if place not in states)
