"""The choice of the jobs that start now.

Interactive before bulk; within a lane, a free slot goes to the requester with the fewest in flight, and to
the oldest of their jobs. A job that today's credits, or FASHN's balance, do not cover is passed over.
"""

from collections import Counter
from datetime import datetime
from operator import attrgetter
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from config.core import clock
from tryon.accounts import calls_of, queue_of, terms_of
from tryon.engine.governor import budget, slots
from tryon.engine.governor.row import read
from tryon.models import Governor, Lane, Prediction, PredictionState, TryOnJob
from tryon.selectors.jobs import jobs_ready

# This number of jobs is considered for a trial, and refused at once because no day can pay for them.
LOOK_AHEAD: Final = 50
MOST_CREDITS: Final = 2**31 - 1
# The requesters by a walk that leaps from each to the next in the index job_fair_order, and the first job of
# each. The condition on the status is in the text, because SQLite uses a partial index only then.
FIRST_OF_EACH: Final = """
WITH RECURSIVE waiting(requester) AS (
    SELECT min(requester) FROM tryon_tryonjob
    WHERE status = 'queued' AND account = %(account)s AND lane = %(lane)s
    UNION ALL
    SELECT (
        SELECT min(job.requester) FROM tryon_tryonjob job
        WHERE job.status = 'queued' AND job.account = %(account)s AND job.lane = %(lane)s
            AND job.requester > waiting.requester
    )
    FROM waiting WHERE waiting.requester IS NOT NULL
)
SELECT first.id, first.requester, first.price, first.created_at
FROM waiting JOIN tryon_tryonjob first ON first.id = (
    SELECT job.id FROM tryon_tryonjob job
    WHERE job.status = 'queued' AND job.account = %(account)s AND job.lane = %(lane)s
        AND job.requester = waiting.requester
        AND (job.not_before IS NULL OR job.not_before <= %(now)s) AND job.price <= %(left)s {without}
    ORDER BY job.created_at LIMIT 1
)
"""


def dispatchable(account: str) -> bool:
    """Return whether a dispatch could start a job on the account. It costs indexed queries and no lock."""
    now = clock.now()
    return jobs_ready(queue_of(account), now).exists() and slots.free_slots(read(account), now) > 0


def next_jobs(governor: Governor) -> list[TryOnJob]:
    """Return the jobs to start on the account now, and those that no day can pay, to be refused.

    It needs the locks of the queue and of the account.
    """
    now = clock.now()
    free = slots.free_slots(governor, now)
    if free <= 0:
        return []
    chosen = _trial(now, governor) if slots.is_trial(governor, now) else _fair_choice(now, governor, free)
    return [*_locked(_too_dear(queue_of(governor.account), now)), *_locked(chosen)]


def _fair_choice(now: datetime, governor: Governor, free: int) -> list[UUID]:
    """Return as many jobs as slots and credits allow.

    Bulk never takes the last free slot, so a shopper does not wait behind a batch. It never takes the
    credits that queued jobs of shoppers need.
    """
    queue = queue_of(governor.account)
    in_flight = _in_flight_by_requester(queue)
    left = budget.credits_to_spend(governor)
    chosen, left = _fairest(queue, Lane.INTERACTIVE, now, in_flight, free, left)
    room = free - len(chosen) - (1 if terms_of(governor.account).concurrency > 1 else 0)
    if room > 0:
        if left is not None:
            left -= budget.credits_promised(queue, but=chosen)
        chosen += _fairest(queue, Lane.BULK, now, in_flight, room, left)[0]
    return chosen


def _fairest(
    queue: str, lane: Lane, now: datetime, in_flight: Counter[str], room: int, left: int | None
) -> tuple[list[UUID], int | None]:
    """Return at most ``room`` jobs within the credits that are left, and the credits left then.

    ``in_flight`` is counted on. A job that does not fit beside those before it makes place for cheaper ones.
    """
    chosen: list[UUID] = []
    while len(chosen) < room and (first := _first_of_each(queue, lane, now, left, but=chosen)):
        fewest = min(in_flight[job.requester] for job in first)
        for job in sorted(first, key=attrgetter("created_at")):
            fits = len(chosen) < room and (left is None or job.price <= left)
            if fits and in_flight[job.requester] == fewest:
                chosen.append(job.pk)
                in_flight[job.requester] += 1
                left = None if left is None else left - job.price
    return chosen, left


def _first_of_each(
    queue: str, lane: Lane, now: datetime, left: int | None, *, but: list[UUID]
) -> list[TryOnJob]:
    """Return the oldest ready job of each requester in the lane, within the credits left, without ``but``.

    Its cost grows with the number of requesters, and not with that of their jobs.
    """
    most = MOST_CREDITS if left is None else left
    values = {"account": queue, "lane": lane, "now": now, "left": most}
    names = {f"but_{number}": job_id.hex for number, job_id in enumerate(but)}
    without = f"AND job.id NOT IN ({', '.join(f'%({name})s' for name in names)})" if names else ""
    return list(TryOnJob.objects.raw(FIRST_OF_EACH.format(without=without), {**values, **names}))


def _in_flight_by_requester(queue: str) -> Counter[str]:
    counted = (
        slots.all_taken()
        .filter(calls_of(queue))
        .order_by()
        .values_list("job__requester")
        .annotate(number=Count("pk"))
    )
    return Counter(dict(counted))


def _trial(now: datetime, governor: Governor) -> list[UUID]:
    """Return the least tried job: one that always makes FASHN fail must not get every trial."""
    queue = queue_of(governor.account)
    left, ready = budget.credits_to_spend(governor), jobs_ready(queue, now)
    if left is not None:
        left_for_batches = left - budget.credits_promised(queue)
        ready = ready.filter(Q(lane=Lane.INTERACTIVE) | Q(price__lte=left_for_batches), price__lte=left)
    job_ids = list(ready.values_list("pk", flat=True)[:LOOK_AHEAD])
    failed = Prediction.objects.filter(job__in=job_ids, state=PredictionState.FAILED).order_by()
    tried = dict(failed.values_list("job").annotate(number=Count("pk")))
    return sorted(job_ids, key=lambda job_id: tried.get(job_id, 0))[:1]


def _too_dear(queue: str, now: datetime) -> list[UUID]:
    if not (limit := terms_of(queue).daily_limit):
        return []
    dear = jobs_ready(queue, now).filter(price__gt=limit).order_by("-price")
    return list(dear.values_list("pk", flat=True)[:LOOK_AHEAD])


def _locked(job_ids: list[UUID]) -> list[TryOnJob]:
    """Return the jobs in this order, locked, without those that another process has locked."""
    rows = TryOnJob.objects.filter(pk__in=job_ids).select_for_update(skip_locked=True, no_key=True)
    found = {job.pk: job for job in rows}
    return [found[job_id] for job_id in job_ids if job_id in found]
