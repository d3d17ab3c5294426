"""Plans: which pairs, what each would cost, and what stands in its way. A plan costs nothing.

A small plan is counted at once. A large one is counted chunk by chunk by the maintenance worker, and what is
counted stays if that worker is killed.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from config.core import clock
from models_library.models import ModelImage
from tryon.batches.choice import LeftOut
from tryon.batches.errors import NothingChosen, TooManyPairs
from tryon.batches.models import PLANS, Batch, BatchItem, BatchState, ItemState, NamedRecipe
from tryon.batches.sources import ChosenBy
from tryon.batches.words import english
from tryon.fashn.options import DEFAULT_SEED, MAX_SEED, TryOnOptions
from tryon.models import ProductImage
from tryon.services.background import batches_later
from tryon.services.pairs import Found, Pair, pairs_found
from tryon.services.reuse import Reuse

MOST_PAIRS: Final = 10_000
CHUNK: Final = 250
# The pairs that are counted within the request.
AT_ONCE: Final = 500
# A plan that nobody has started is removed after this time: photos and prices have changed.
PLANS_ARE_KEPT: Final = timedelta(days=7)
OVER_LIMIT: Final = "over_the_limit"
OVER_LIMIT_TEXT: Final = _("The limit of credits for this plan is reached. Raise it to make this one too.")

type Ids = tuple[UUID, UUID]
"""A product photo and a model photo."""


def plan_make(
    person: User,
    *,
    options: TryOnOptions,
    pairs: Iterable[Ids] | None = None,
    product_image_ids: Iterable[UUID] = (),
    model_image_ids: Iterable[UUID] = (),
    max_credits: int | None = None,
    name: str = "",
    recipe: NamedRecipe | None = None,
    without_photo: LeftOut | None = None,
    chosen_by: ChosenBy | None = None,
    tries: int = 1,
) -> Batch:
    """Make a plan for a person: of these pairs, or else of each of the product photos on each model photo.

    It has ``tries`` pictures of each pair, whose seeds follow that of the options.

    ``max_credits`` is the most that the plan may cost: pairs above it are blocked, and the plan says so. A
    plan of at most 500 pairs is counted when this returns. ``without_photo`` are chosen products that the
    plan can't have, and ``chosen_by`` says how products were chosen; its page says both.
    Raise NothingChosen and TooManyPairs.
    """
    selection, number = _selection(pairs, product_image_ids, model_image_ids)
    selection["seeds"] = _seeds(options, tries)
    number *= tries
    if not number:
        raise NothingChosen
    if number > MOST_PAIRS:
        raise TooManyPairs
    told = {"without_photo": without_photo, "chosen_by": chosen_by}
    batch = Batch.objects.create(
        name=name or _default_name(recipe),
        created_by=person,
        options=options.normalised(),
        recipe=recipe,
        selection=selection | {name: value for name, value in told.items() if value},
        pairs=number,
        max_credits=max_credits,
    )
    count_on(batch)
    return batch


def count_on(batch: Batch) -> None:
    """Count a plan: a small one now, a large one in the background."""
    if batch.pairs <= AT_ONCE:
        plan_continue(batch)
    else:
        batches_later()


def plan_recount(batch: Batch) -> None:
    """Forget what was counted, and count again. A plan that has started stays as it is."""
    with transaction.atomic():
        again = Batch.objects.filter(pk=batch.pk, state__in=PLANS)
        if not again.update(state=BatchState.CREATING, planned=0, price=0, counts={}):
            return
        batch.items.all().delete()
    batch.refresh_from_db()
    count_on(batch)


def plans_continue(*, max_seconds: float) -> bool:
    """Count all plans that are not done, for a while. Return whether some is left."""
    deadline = time.monotonic() + max_seconds
    for batch in Batch.objects.filter(state=BatchState.CREATING).order_by("created_at"):
        if not plan_continue(batch, deadline=deadline):
            return True
    return False


def plan_continue(batch: Batch, *, deadline: float | None = None) -> bool:
    """Count a plan from where it is. Return whether it is done; it may not be by the ``deadline``."""
    while batch.state == BatchState.CREATING:
        if deadline is not None and time.monotonic() > deadline:
            return False
        _count_chunk(batch)
        batch.refresh_from_db(fields=["state", "planned", "price", "counts"])
    return True


def plans_forget() -> None:
    """Remove the plans that nobody has started for a week."""
    Batch.objects.filter(state__in=PLANS, created_at__lt=clock.now() - PLANS_ARE_KEPT).delete()


def _default_name(recipe: NamedRecipe | None) -> str:
    day = f"{clock.now():%Y-%m-%d}"
    return f"{day} {recipe}" if recipe else day


def _selection(
    pairs: Iterable[Ids] | None, product_ids: Iterable[UUID], model_ids: Iterable[UUID]
) -> tuple[dict[str, Any], int]:
    """Return the ids as the row keeps them, each pair once, and the number of pairs."""
    if pairs is not None:
        chosen = list(dict.fromkeys((str(product), str(model)) for product, model in pairs))
        return {"pairs": chosen}, len(chosen)
    products, models = ([*dict.fromkeys(map(str, ids))] for ids in (product_ids, model_ids))
    return {"products": products, "models": models}, len(products) * len(models)


def _seeds(options: TryOnOptions, tries: int) -> list[int]:
    first = DEFAULT_SEED if options.seed is None else options.seed
    return [(first + number) % (MAX_SEED + 1) for number in range(tries)]


class _Place(NamedTuple):
    """A picture of the plan: the ids of its photos, and its seed."""

    product: str
    model: str
    seed: int


def _slice(selection: dict[str, Any], start: int, end: int) -> list[_Place]:
    """Return some of the pictures, in the order of the plan: all of a product stand together."""
    seeds = selection.get("seeds", [DEFAULT_SEED])  # a plan of the release before has none
    places = (divmod(number, len(seeds)) for number in range(start, end))
    return [_Place(*_pair_at(selection, pair), seeds[number]) for pair, number in places]


def _pair_at(selection: dict[str, Any], number: int) -> tuple[str, str]:
    if "pairs" in selection:
        product, model = selection["pairs"][number]
    else:
        models = selection["models"]
        product, model = selection["products"][number // len(models)], models[number % len(models)]
    return product, model


def _count_chunk(batch: Batch) -> None:
    """Make the rows of the next pairs. Do nothing if another process has made them."""
    start, end = batch.planned, min(batch.planned + CHUNK, batch.pairs)
    items = _items(batch, _slice(batch.selection, start, end))
    counts = dict(batch.counts)
    for item in items:
        counts[item.state] = counts.get(item.state, 0) + 1
    state = BatchState.READY if end == batch.pairs else BatchState.CREATING
    price = sum(item.credits for item in items)
    try:
        with transaction.atomic():
            same = Batch.objects.filter(pk=batch.pk, state=BatchState.CREATING, planned=start)
            if same.update(planned=end, price=F("price") + price, counts=counts, state=state):
                BatchItem.objects.bulk_create(items)
    except IntegrityError:
        # A photo was deleted since it was read. The next round finds it gone.
        if _Photos(_slice(batch.selection, start, end)).are_all_of(items):
            raise


class _Photos:
    """The photos of some pairs, read at once."""

    def __init__(self, places: Sequence[_Place]) -> None:
        products = ProductImage.objects.in_bulk({place.product for place in places})
        models = ModelImage.objects.in_bulk({place.model for place in places})
        self.products = {str(key): row for key, row in products.items()}
        self.models = {str(key): row for key, row in models.items()}

    def pair(self, place: _Place) -> Pair:
        return Pair(self.products.get(place.product), self.models.get(place.model), place.seed)

    def are_all_of(self, items: Iterable[BatchItem]) -> bool:
        """Return whether all photos of the items are still there."""
        return all(
            (item.product_image is None or str(item.product_image.pk) in self.products)
            and (item.model_image is None or str(item.model_image.pk) in self.models)
            for item in items
        )


class _Room:
    """The credits that are left of a plan's limit."""

    def __init__(self, batch: Batch) -> None:
        self._left = None if batch.max_credits is None else batch.max_credits - batch.price

    def takes(self, credits: int) -> bool:
        if self._left is None:
            return True
        if credits > self._left:
            return False
        self._left -= credits
        return True


def _items(batch: Batch, places: Sequence[_Place]) -> list[BatchItem]:
    photos, room = _Photos(places), _Room(batch)
    pairs = [photos.pair(place) for place in places]
    found = pairs_found(pairs, TryOnOptions.from_mapping(batch.options))
    return [_item(batch, pair, one, room) for pair, one in zip(pairs, found, strict=True)]


class _Outcome(NamedTuple):
    state: ItemState
    code: str = ""
    words: Any = ""


def _item(batch: Batch, pair: Pair, found: Found, room: _Room) -> BatchItem:
    outcome = _outcome(found, room)
    return BatchItem(
        batch=batch,
        product_image=pair.product,
        model_image=pair.model,
        seed=DEFAULT_SEED if pair.seed is None else pair.seed,
        job_id=found.job_id,
        cache_key=found.key,
        credits=found.credits if outcome.state == ItemState.WAITING else 0,
        state=outcome.state,
        error_code=outcome.code,
        error_message=english(outcome.words),
    )


def _outcome(found: Found, room: _Room) -> _Outcome:
    if found.problem is not None:
        return _Outcome(ItemState.BLOCKED, found.problem.value, found.problem.label)
    if found.reuse is Reuse.HIT:
        return _Outcome(ItemState.REUSED)
    if not room.takes(found.credits):
        return _Outcome(ItemState.BLOCKED, OVER_LIMIT, OVER_LIMIT_TEXT)
    return _Outcome(ItemState.WAITING)
