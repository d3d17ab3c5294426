"""The choice of the jobs that start now.

Interactive before bulk; within a lane, a free slot goes to the requester with the fewest in flight, and to
the oldest of their jobs. A job that today's credits, or FASHN's balance, do not cover is passed over.
"""

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from config.core import clock
from tryon.engine.governor import budget, slots
from tryon.engine.governor.row import read
from tryon.models import Governor, Lane, Prediction, PredictionState, TryOnJob
from tryon.selectors import jobs_ready

# This number of jobs is considered for a trial, and refused at once because no day can pay for them.
LOOK_AHEAD: Final = 50


def dispatchable() -> bool:
    """Return whether a dispatch could start a job. It costs indexed queries and no lock."""
    now = clock.now()
    return slots.free_slots(read(), now) > 0 and jobs_ready(now).exists()


def next_jobs(governor: Governor) -> list[TryOnJob]:
    """Return the jobs to start now, and those that no day can pay, to be refused. It needs the lock."""
    now = clock.now()
    free = slots.free_slots(governor, now)
    if free <= 0:
        return []
    chosen = _trial(now, governor) if slots.is_trial(governor, now) else _fair_choice(now, governor, free)
    return [*_locked(_too_dear(now)), *_locked(chosen)]


def _fair_choice(now: datetime, governor: Governor, free: int) -> list[UUID]:
    """Return as many jobs as slots and credits allow.

    Bulk never takes the last free slot, so a shopper does not wait behind a batch. It never takes the
    credits that queued jobs of shoppers need.
    """
    chosen: list[UUID] = []
    in_flight = _in_flight_by_requester()
    kept_free = 1 if settings.QUEUE_CONCURRENCY > 1 else 0
    left = budget.credits_to_spend(governor)
    for lane, kept in ((Lane.INTERACTIVE, 0), (Lane.BULK, kept_free)):
        if lane == Lane.BULK and left is not None:
            left -= budget.credits_promised(but=chosen)
        room = free - len(chosen) - kept
        found, left = _fairest(jobs_ready(now).filter(lane=lane), in_flight, room, left)
        chosen += found
    return chosen


def _fairest(
    ready: QuerySet[TryOnJob], in_flight: Counter[str], room: int, left: int | None
) -> tuple[list[UUID], int | None]:
    """Return at most ``room`` jobs within the credits that are left, and the credits left then.

    ``in_flight`` is counted on. A job that does not fit beside those before it makes place for cheaper ones.
    """
    chosen: list[UUID] = []
    while len(chosen) < room:
        affordable = ready.exclude(pk__in=chosen)
        if left is not None:
            affordable = affordable.filter(price__lte=left)
        added = 0
        for job_id, requester, price in _in_fair_order(affordable, in_flight)[: room - len(chosen)]:
            if left is None or price <= left:
                chosen.append(job_id)
                in_flight[requester] += 1
                left = None if left is None else left - price
                added += 1
        if not added:
            break
    return chosen, left


def _in_fair_order(
    ready: QuerySet[TryOnJob], in_flight: Counter[str]
) -> QuerySet[TryOnJob, tuple[UUID, str, int]]:
    """Return ids, requesters and prices, the job with the fewest of its requester before it first."""
    turn = Window(RowNumber(), partition_by=F("requester"), order_by="created_at")
    before = Case(
        *(When(requester=requester, then=Value(number)) for requester, number in in_flight.items()),
        default=Value(0),
        output_field=IntegerField(),
    )
    ordered = ready.annotate(turn=turn + before).order_by("turn", "created_at")
    return ordered.values_list("pk", "requester", "price")


def _in_flight_by_requester() -> Counter[str]:
    counted = slots.taken().order_by().values_list("job__requester").annotate(number=Count("pk"))
    return Counter(dict(counted))


def _trial(now: datetime, governor: Governor) -> list[UUID]:
    """Return the least tried job: one that always makes FASHN fail must not get every trial."""
    left, ready = budget.credits_to_spend(governor), jobs_ready(now)
    if left is not None:
        left_for_batches = left - budget.credits_promised()
        ready = ready.filter(Q(lane=Lane.INTERACTIVE) | Q(price__lte=left_for_batches), price__lte=left)
    job_ids = list(ready.values_list("pk", flat=True)[:LOOK_AHEAD])
    failed = Prediction.objects.filter(job__in=job_ids, state=PredictionState.FAILED).order_by()
    tried = dict(failed.values_list("job").annotate(number=Count("pk")))
    return sorted(job_ids, key=lambda job_id: tried.get(job_id, 0))[:1]


def _too_dear(now: datetime) -> list[UUID]:
    if not settings.TRYON_DAILY_LIMIT:
        return []
    dear = jobs_ready(now).filter(price__gt=settings.TRYON_DAILY_LIMIT)
    return list(dear.values_list("pk", flat=True)[:LOOK_AHEAD])


def _locked(job_ids: list[UUID]) -> list[TryOnJob]:
    """Return the jobs in this order, locked, without those that another process has locked."""
    rows = TryOnJob.objects.filter(pk__in=job_ids).select_for_update(skip_locked=True, no_key=True)
    found = {job.pk: job for job in rows}
    return [found[job_id] for job_id in job_ids if job_id in found]
