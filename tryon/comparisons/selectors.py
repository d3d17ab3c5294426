"""Questions about comparisons: the pairs to judge, the votes, and what each recipe costs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any, Final, TypedDict
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.crypto import salted_hmac

from config.core.storage import addresses
from results.models import TryOnResult
from tryon.comparisons.models import Choice, Comparison, ComparisonPair, Vote
from tryon.comparisons.statistics import Tally
from tryon.models import Prediction, PredictionState
from tryon.review.items import Picture

AHEAD: Final = 4
SIDES: Final = ("a", "b")


class PairShown(TypedDict):
    """A pair as a person judges it: nothing tells which recipe made which picture."""

    id: int
    left: str
    right: str
    garment: Picture
    model: Picture


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe's part in a comparison. Credits and seconds are for a picture, None without paid calls."""

    pictures: int
    credits: float | None
    seconds: float | None


def is_swapped(pair_id: int, person: User | AnonymousUser) -> bool:
    """Return whether recipe A stands on the right for a person: always the same, and not to be guessed."""
    digest = salted_hmac("comparison-sides", f"{pair_id}:{person.pk}", algorithm="sha256").digest()
    return digest[0] % 2 == 1


def pairs_with_pictures(comparison: Comparison) -> QuerySet[ComparisonPair]:
    """Return the pairs of which both recipes have made the picture."""
    return comparison.pairs.filter(*(Exists(_pictures(side)) for side in SIDES))


def pairs_missing(comparison: Comparison, side: str) -> list[tuple[UUID, UUID]]:
    """Return the photos of the pairs whose picture by one recipe is not there."""
    missing = comparison.pairs.filter(~Exists(_pictures(side)))
    found = missing.filter(product_image__isnull=False, model_image__isnull=False)
    return [*found.values_list("product_image", "model_image")]


def pairs_to_judge(comparison: Comparison, person: User | AnonymousUser) -> QuerySet[ComparisonPair]:
    """Return the pairs that a person has not judged, those with the fewest votes first."""
    own = Vote.objects.filter(pair=OuterRef("pk"), person=person.pk)
    pairs = pairs_with_pictures(comparison).filter(~Exists(own))
    return pairs.annotate(number=Count("votes")).order_by("number", "position")


def pairs_shown(
    comparison: Comparison, person: User | AnonymousUser, *, but: Collection[int] = ()
) -> list[PairShown]:
    """Return the next pairs for a person, without those in hand. None once the comparison is decided."""
    if tally(comparison).is_decided:
        return []
    next_ones = pairs_to_judge(comparison, person).exclude(pk__in=but)
    pairs = list(next_ones.select_related("product_image", "model_image")[:AHEAD])
    return shown(pairs, person)


def shown(pairs: Collection[ComparisonPair], person: User | AnonymousUser) -> list[PairShown]:
    """Return pairs with their pictures. A pair whose picture has gone is left out."""
    keys = [key for pair in pairs for key in (pair.key_a, pair.key_b)]
    files = {
        str(key): str(image)
        for key, image in TryOnResult.objects.filter(cache_key__in=keys).values_list("cache_key", "image")
    }
    photos = [
        str(file)
        for pair in pairs
        for file in (
            pair.product_image and pair.product_image.thumbnail,
            pair.model_image and pair.model_image.thumbnail,
        )
        if file
    ]
    urls = addresses([*files.values(), *photos])
    found: list[PairShown] = []
    for pair in pairs:
        if not {pair.key_a, pair.key_b} <= files.keys():
            continue
        left, right = urls[files[pair.key_a]], urls[files[pair.key_b]]
        if is_swapped(pair.pk, person):
            left, right = right, left
        found.append(
            {
                "id": pair.pk,
                "left": left,
                "right": right,
                "garment": _picture(pair.product_image, urls),
                "model": _picture(pair.model_image, urls),
            }
        )
    return found


def tally(comparison: Comparison) -> Tally:
    """Return the votes of all people."""
    numbers = {str(choice): Count("pk", filter=Q(choice=choice)) for choice in Choice}
    return Tally(**Vote.objects.filter(pair__comparison=comparison).aggregate(**numbers))


def recipe_figures(comparison: Comparison, side: str) -> Recipe:
    """Return what a recipe's pictures of the comparison cost, and how long they took, from its paid calls."""
    keys = comparison.pairs.values(f"key_{side}")
    jobs = TryOnResult.objects.filter(cache_key__in=keys).values_list("job", flat=True)
    calls = Prediction.objects.filter(
        job__in=jobs, state=PredictionState.SUCCEEDED, submitted_at__isnull=False
    )
    credits: dict[UUID, int] = {}
    seconds: dict[UUID, float] = {}
    for call in calls.only("job", "credits_used", "submitted_at", "finished_at"):
        credits[call.job_id] = credits.get(call.job_id, 0) + call.credits_used
        took = call.finished_at - call.submitted_at if call.finished_at and call.submitted_at else timedelta()
        seconds[call.job_id] = seconds.get(call.job_id, 0.0) + took.total_seconds()
    if not credits:
        return Recipe(len(jobs), None, None)
    return Recipe(len(jobs), sum(credits.values()) / len(credits), median(seconds.values()))


def _pictures(side: str) -> QuerySet[TryOnResult]:
    return TryOnResult.objects.filter(cache_key=OuterRef(f"key_{side}"))


def _picture(photo: Any, urls: dict[str, str]) -> Picture:
    if photo is None:
        return {"url": "", "name": ""}
    return {"url": urls.get(str(photo.thumbnail), ""), "name": str(photo)}
