"""Stale results: live pictures of a pair whose product photo or model photo has been replaced since."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from models_library.models import ModelImage
from results.models import TryOnResult
from results.selectors import result_list_live
from tryon.catalogue.models import PhotoReplacement
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import ProductImage

MOST_PAIRS: Final = 10_000
MOST_IN_A_LINK: Final = 100


class StalePair(NamedTuple):
    """The present photos of a pair, and the stale result that shows what it was. ``product`` may be None."""

    product: UUID | None
    product_image: UUID
    model_image: UUID
    result: UUID


def stale_results() -> QuerySet[Any]:
    """Return the live results of replaced photos, with the present pair, that no newer result stands for.

    Outfits and results of shoppers are none of a pair's.
    """
    product, model = F("job__product_image"), F("job__model_image")
    # Both by an index of jobs. Joins would read every live result.
    replaced = Q(job__product_image__in=PhotoReplacement.objects.values("old"))
    replaced |= Q(job__model_image__in=ModelImage.objects.exclude(replaced_by=None).values("pk"))
    results = result_list_live().filter(
        replaced, job__shopper_photo=None, job__is_test=False, job__options__garments__isnull=True
    )
    results = results.annotate(
        present_product_image=Coalesce("job__product_image__replacement__new", product),
        present_model_image=Coalesce("job__model_image__replaced_by", model),
    )
    newer = result_list_live().filter(
        job__product_image=OuterRef("present_product_image"),
        job__model_image=OuterRef("present_model_image"),
        job__shopper_photo=None,
    )
    return results.filter(~Exists(newer))


def stale_pairs(
    *,
    products: Collection[UUID] | None = None,
    product_images: Collection[UUID] | None = None,
    model_images: Collection[UUID] | None = None,
    most: int = MOST_PAIRS,
) -> list[StalePair]:
    """Return the stale pairs of these products, present product photos and present model photos.

    It takes one query, and one more for each kind of photos that is given.

    None stands for all. Of a pair with several stale results the newest counts.
    """
    results = stale_results()
    if products is not None:
        results = results.filter(job__product_image__catalogue_product__in=products)
    if product_images is not None:
        earlier = PhotoReplacement.objects.filter(new__in=product_images).values_list("old", flat=True)
        results = results.filter(job__product_image__in=[*product_images, *earlier])
    if model_images is not None:
        of_before = ModelImage.objects.filter(replaced_by__in=model_images).values_list("pk", flat=True)
        results = results.filter(job__model_image__in=[*model_images, *of_before])
    rows = results.order_by("-created_at", "pk").values_list(
        "job__product_image__catalogue_product", "present_product_image", "present_model_image", "pk"
    )
    pairs: dict[tuple[UUID, UUID], StalePair] = {}
    for row in rows[:most]:
        pairs.setdefault(row[1:3], StalePair(*row))
    return list(pairs.values())


class Rerun(NamedTuple):
    """The pairs of stale results that can be made again, and the most credits that this costs."""

    product_images: list[UUID]
    model_images: list[UUID]
    pairs: int
    credits: int


def rerun_of(photo: ProductImage | ModelImage) -> Rerun:
    """Return the re-run of the stale results of a photo's pairs, with the options they had."""
    if isinstance(photo, ProductImage):
        pairs = stale_pairs(product_images=[photo.pk])
    else:
        pairs = stale_pairs(model_images=[photo.pk])
    options = TryOnResult.objects.filter(pk__in=[pair.result for pair in pairs])
    return Rerun(
        list(dict.fromkeys(pair.product_image for pair in pairs)),
        list(dict.fromkeys(pair.model_image for pair in pairs)),
        len(pairs),
        sum(_credits(recipe) for recipe in options.values_list("job__options", flat=True)),
    )


def _credits(recipe: dict[str, object]) -> int:
    """Return the price of a recipe, 0 for one of another release that can't be read."""
    try:
        return total_credits(TryOnOptions.from_mapping(recipe))
    except OptionError:
        return 0
