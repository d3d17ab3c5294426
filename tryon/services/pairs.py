"""Many pairs at once: for each, what a request of a person would find, and what it would cost.

Nothing is started, paid or changed. The number of queries does not grow with that of the pairs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from models_library.models import Category, ModelImage
from results.selectors import result_list_live
from tryon.engine import actions
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import TryOnOptions
from tryon.models import ACTIVE, Account, Prediction, ProductImage, TryOnJob
from tryon.services.generate import cache_key, with_default_category
from tryon.services.reuse import Reuse

# The garments that a photo of half a body can wear.
WEARS: Final[Mapping[str, frozenset[str]]] = {
    Category.UPPER_BODY: frozenset({"tops"}),
    Category.LOWER_BODY: frozenset({"bottoms"}),
}


class Problem(TextChoices):
    """A reason why a pair can't be made."""

    PRODUCT_GONE = "product_photo_gone", _("The product photo is gone. Upload it again.")
    PRODUCT_RETIRED = "product_photo_retired", _("The product photo is retired. Choose another.")
    MODEL_GONE = "model_photo_gone", _("The model photo is gone. Choose another.")
    MODEL_RETIRED = "model_photo_retired", _("The model photo is retired. Choose another.")
    MODEL_UNRELEASED = (
        "model_photo_unreleased",
        _("The release of the model photo does not allow its use now. Choose another."),
    )
    NO_FIT = "no_fit", _("The model photo does not show where this garment is worn. Choose another.")


class Pair(NamedTuple):
    """A garment and a person. Either photo may be gone. ``seed`` is None for that of the options."""

    product: ProductImage | None
    model: ModelImage | None
    seed: int | None = None


class Found(NamedTuple):
    """The answer to a request for a pair.

    ``reuse`` is None for a pair that can't be made, for the ``problem``. ``credits`` are what a new job
    costs. ``job_id`` is that of the live result, or of the job under way.
    """

    reuse: Reuse | None
    key: str = ""
    credits: int = 0
    job_id: UUID | None = None
    problem: Problem | None = None


def pairs_found(pairs: Sequence[Pair], options: TryOnOptions) -> list[Found]:
    """Return the answer to a request of a person of the staff for each pair, in the same order."""
    problems = [problem_of(pair, options) for pair in pairs]
    keys = ["" if problem else pair_key(pair, options) for pair, problem in zip(pairs, problems, strict=True)]
    known = _Known([key for key in keys if key])
    return [
        Found(None, problem=problem) if problem else known.found(key, options)
        for key, problem in zip(keys, problems, strict=True)
    ]


def problem_of(pair: Pair, options: TryOnOptions) -> Problem | None:
    """Return the reason why a pair can't be made, None if it can."""
    if pair.product is None or not pair.product.processed or pair.product.is_test:
        return Problem.PRODUCT_GONE
    if pair.model is None or pair.model.is_erased:
        return Problem.MODEL_GONE
    if not pair.product.is_active:
        return Problem.PRODUCT_RETIRED
    if not pair.model.is_active:
        return Problem.MODEL_RETIRED
    if not pair.model.is_released:
        return Problem.MODEL_UNRELEASED
    garment = options.category or pair.product.category
    if garment not in ("", "auto") and garment not in WEARS.get(pair.model.category, (garment,)):
        return Problem.NO_FIT
    return None


def pair_key(pair: Pair, options: TryOnOptions) -> str:
    """Return the cache key of a pair that can be made."""
    if pair.product is None or pair.model is None:
        raise ValueError("A pair without a photo has no recipe.")
    own = options if pair.seed is None else replace(options, seed=pair.seed)
    recipe = with_default_category(own, pair.model).normalised()
    return cache_key([pair.product], pair.model, recipe, Account.LIVE)


class _Known:
    """Live results, active jobs and calls of earlier attempts, by their keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        live = result_list_live().filter(cache_key__in=keys)
        self._live = dict(live.values_list("cache_key", "job_id"))
        active = TryOnJob.objects.filter(cache_key__in=keys, status__in=ACTIVE)
        self._active = dict(active.values_list("cache_key", "pk"))
        called = Prediction.objects.filter(job__cache_key__in=keys).exclude(job__status__in=ACTIVE)
        self._called = set(called.order_by().values_list("job__cache_key", flat=True).distinct())

    def found(self, key: str, options: TryOnOptions) -> Found:
        if key in self._live:
            return Found(Reuse.HIT, key, job_id=self._live[key])
        if key in self._active:
            return Found(Reuse.JOIN, key, job_id=self._active[key])
        # An earlier attempt may have paid for some of it: only then a look at its calls.
        price = actions.credits_of(key, options) if key in self._called else total_credits(options)
        return Found(Reuse.MISS, key, price)
