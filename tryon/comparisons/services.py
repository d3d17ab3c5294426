"""Make a comparison, and vote in it."""

from collections.abc import Iterable
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from models_library.models import ModelImage
from tryon.batches.models import NamedRecipe
from tryon.comparisons.models import Choice, Comparison, ComparisonPair, Vote
from tryon.comparisons.recipes import options_on
from tryon.comparisons.selectors import is_swapped
from tryon.models import Account, ProductImage
from tryon.services.generate import cache_key

MOST_PAIRS: Final = 500

type Ids = tuple[UUID, UUID]
"""A product photo and a model photo."""


class NothingToCompare(DomainError):
    code: ClassVar[str] = "nothing_to_compare"
    status: ClassVar[int] = 400
    message: Any = _("Choose products and model photos, or a batch.")


class TooManyToCompare(DomainError):
    code: ClassVar[str] = "too_many_to_compare"
    status: ClassVar[int] = 400
    message: Any = _("Choose at most 500 pairs.")


class SameRecipe(DomainError):
    code: ClassVar[str] = "same_recipe"
    status: ClassVar[int] = 400
    message: Any = _("Both recipes make the same pictures. Choose another.")


def comparison_make(
    person: User, *, name: str, recipe_a: NamedRecipe, recipe_b: NamedRecipe, pairs: Iterable[Ids]
) -> Comparison:
    """Make a comparison of two recipes on pairs of photos of the catalogue and the library. It costs nothing.

    Raise SameRecipe, NothingToCompare and TooManyToCompare.
    """
    if recipe_a.options == recipe_b.options:
        raise SameRecipe
    chosen = [*dict.fromkeys(pairs)]
    if len(chosen) > MOST_PAIRS:
        raise TooManyToCompare
    products = ProductImage.objects.filter(requester="").in_bulk({product for product, _model in chosen})
    models = ModelImage.objects.in_bulk({model for _product, model in chosen})
    there = [(products[one], models[other]) for one, other in chosen if one in products and other in models]
    if not there:
        raise NothingToCompare
    with transaction.atomic():
        comparison = Comparison.objects.create(
            name=name or f"{recipe_a} / {recipe_b}"[:100],
            recipe_a=recipe_a,
            recipe_b=recipe_b,
            options_a=recipe_a.options,
            options_b=recipe_b.options,
            created_by=person,
        )
        ComparisonPair.objects.bulk_create(
            ComparisonPair(
                comparison=comparison,
                position=position,
                product_image=product,
                model_image=model,
                key_a=_key(product, model, recipe_a),
                key_b=_key(product, model, recipe_b),
            )
            for position, (product, model) in enumerate(there)
        )
    return comparison


def vote(*, pair: ComparisonPair, person: User, side: str) -> None:
    """Note a person's choice: ``left``, ``right``, ``equal`` or ``skip``. A second one replaces the first."""
    swapped = is_swapped(pair.pk, person)
    choices = {"left": Choice.A, "right": Choice.B, "equal": Choice.EQUAL, "skip": Choice.SKIPPED}
    if swapped:
        choices |= {"left": Choice.B, "right": Choice.A}
    Vote.objects.update_or_create(
        pair=pair, person=person, defaults={"choice": choices[side], "is_swapped": swapped}
    )


def undo(*, comparison: Comparison, person: User) -> int | None:
    """Take back a person's latest vote, and return its pair. None if there is none."""
    latest = Vote.objects.filter(pair__comparison=comparison, person=person).order_by("-at", "-pk").first()
    if latest is None:
        return None
    latest.delete()
    return latest.pair_id


def _key(product: ProductImage, model: ModelImage, recipe: NamedRecipe) -> str:
    """Return the key of the picture that a recipe makes, empty for options that can't be used any more."""
    options = options_on(recipe.options, model)
    return "" if options is None else cache_key([product], model, options, Account.LIVE)
