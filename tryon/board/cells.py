"""The cells of the board: what is there of each product on each model photo."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from config.core.storage import addresses
from models_library.models import ModelImage
from results.models import Review
from tryon.catalogue.models import Product
from tryon.models import ACTIVE, Account, ProductImage, Status, TryOnJob

# The number of products whose attempts one statement reads.
AT_ONCE: Final = 100

type Place = tuple[UUID, UUID]
"""A product and a model photo."""


class CellState(TextChoices):
    """The state of a cell, by the attempt that counts most."""

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
    label: str
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


class Attempt(NamedTuple):
    """A try-on of a product photo. ``review`` and ``thumbnail`` are None without a result."""

    photo: UUID
    model_photo: UUID
    status: str
    account: str
    review: str | None
    thumbnail: str | None

    def weight(self, is_active: bool) -> int:
        """Return how much it counts: one under way most, then an approved picture of a photo in use, then any
        picture, then a failure; 0 for the others.

        Canceled ones and those whose picture is gone don't count, nor do tests.
        """
        if self.account != Account.LIVE:
            return 0
        if self.status in ACTIVE:
            return 4
        if self.review == Review.APPROVED and is_active:
            return 3
        if self.review is not None:
            return 2
        return int(self.status == Status.FAILED)


def attempts_of(photos: Iterable[UUID]) -> Iterator[Attempt]:
    """Yield the try-ons of product photos on model photos, the oldest first."""
    # The condition has the photos alone: with another, SQLite finds nearly all jobs by that one's index.
    jobs = TryOnJob.objects.filter(product_image__in=photos).order_by("created_at")
    columns = ("product_image", "model_image", "status", "account", "result__review", "result__thumbnail")
    rows = (Attempt(*row) for row in jobs.values_list(*columns))
    return (row for row in rows if row.model_photo is not None)  # a shopper's own photo is not ours


def states_of(products: Iterable[Product]) -> Mapping[Place, tuple[CellState, str, str]]:
    """Return the state, the review and the thumbnail's key of each place that is not missing.

    Of several attempts the newest of those that count most decides.
    """
    photos = ProductImage.objects.filter(catalogue_product__in=[product.pk for product in products])
    known = {
        pk: (product, is_active)
        for pk, product, is_active in photos.values_list("pk", "catalogue_product", "is_active")
    }
    best: dict[Place, Attempt] = {}
    weights: dict[Place, int] = {}
    for attempt in attempts_of(known):
        product, is_active = known[attempt.photo]
        place, weight = (product, attempt.model_photo), attempt.weight(is_active)
        if weight and weight >= weights.get(place, 0):
            best[place], weights[place] = attempt, weight
    return {
        place: (
            state_of(attempt.status, known[attempt.photo][1], attempt.review),
            attempt.review or "",
            attempt.thumbnail or "",
        )
        for place, attempt in best.items()
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
    states = states_of(products)
    sources = [product.source_photo.thumbnail.name for product in products if product.source_photo]
    signed = addresses([*filter(None, sources), *(key for _state, _review, key in states.values() if key)])

    labels = {state: str(state.label) for state in CellState}  # a page has hundreds of cells
    almost = str(Review.ALMOST.label)

    def cell(product: Product, photo: ModelImage) -> Cell:
        state, review, key = states.get((product.pk, photo.pk), (CellState.MISSING, "", ""))
        label = almost if review == Review.ALMOST else labels[state]
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
        states = states_of(some)
        for product in some:
            places = ((product.pk, photo.pk) for photo in model_photos)
            yield from (place for place in places if place not in states)
