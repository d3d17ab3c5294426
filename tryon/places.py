"""The places of queued jobs: the jobs, and the credits, that start before each."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import Rank

from tryon.models import Status, TryOnJob

QUEUE_ORDER: Final = (F("lane").desc(), F("created_at").asc())


class Place(NamedTuple):
    """The jobs that start before a queued job, and the credits for their open calls."""

    jobs_ahead: int
    credits_ahead: int


FIRST: Final = Place(0, 0)


def places_of(jobs: Iterable[TryOnJob]) -> dict[UUID, Place]:
    """Return the places of those jobs that are queued, by their ids. It reads the queue at most once."""
    queued = [job for job in jobs if job.status == Status.QUEUED]
    match queued:
        case []:
            return {}
        case [job]:
            return {job.pk: _place_of(job)}
        case _:
            return _places_in_queue([job.pk for job in queued])


def _place_of(job: TryOnJob) -> Place:
    earlier = Q(lane__gt=job.lane) | Q(lane=job.lane, created_at__lt=job.created_at)
    ahead = _queue().filter(earlier).aggregate(jobs=Count("pk"), credits=Sum("price"))
    return Place(ahead["jobs"], ahead["credits"] or 0)


def _places_in_queue(ids: list[UUID]) -> dict[UUID, Place]:
    queue = _queue().annotate(
        rank=Window(Rank(), order_by=QUEUE_ORDER),
        credits=Window(Sum("price"), order_by=QUEUE_ORDER) - F("price"),
    )
    # No rank is 0. Beside a condition on a window, Django counts all rows before it selects these.
    rows = queue.filter(Q(pk__in=ids) | Q(rank=0)).values_list("pk", "rank", "credits")
    return {job_id: Place(rank - 1, spent) for job_id, rank, spent in rows}


def _queue() -> QuerySet[TryOnJob, Any]:
    return TryOnJob.objects.filter(status=Status.QUEUED).order_by()
