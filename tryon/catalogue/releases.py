"""Results that have to come down: those on model photos whose release has ended or ends soon."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet

from config.core import clock
from models_library.models import RELEASE_NOTICE, ModelImage
from models_library.selectors import releases_ending
from results.models import TryOnResult
from results.selectors import result_list_live
from tryon.models import TryOnJob

MOST_PHOTOS = 200


@dataclass(frozen=True, slots=True)
class EndingRelease:
    """A model photo whose release has ended or ends soon, and the number of its live results."""

    photo: ModelImage
    results: int


def ending_releases() -> list[EndingRelease]:
    """Return the photos whose release has ended or ends within 30 days, the first to end first.

    There are 200 at most.
    """
    photos = list(releases_ending(clock.today() + RELEASE_NOTICE)[:MOST_PHOTOS])
    jobs = TryOnJob.objects.filter(model_image__in=photos, result__in=result_list_live()).order_by()
    numbers: dict[UUID | None, int] = dict(jobs.values_list("model_image").annotate(number=Count("pk")))
    return [EndingRelease(photo, numbers.get(photo.pk, 0)) for photo in photos]


def results_to_take_down(photos: Collection[UUID]) -> QuerySet[TryOnResult]:
    """Return the live results on these photos, newest first, with what a page shows of them."""
    results = result_list_live().filter(job__model_image__in=photos)
    return results.select_related("job__product_image", "job__model_image").order_by("-created_at", "pk")


def chosen_to_take_down(keys: Sequence[str], photos: Collection[UUID]) -> list[TryOnResult]:
    """Return the results of these ids that are on the page's photos. Other ids are left out."""
    ids = []
    for key in keys:
        try:
            ids.append(UUID(key))
        except ValueError:
            continue
    return list(results_to_take_down(photos).filter(pk__in=ids))
