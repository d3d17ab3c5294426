"""The places of queued jobs: the jobs, and the credits, that start before each."""

import time
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Final, NamedTuple, Self
from uuid import UUID

from tryon.models import Lane, Status, TryOnJob
from tryon.selectors.jobs import LARGE, in_queue_order

# A process spends at most this share of its time on reading a long queue, so places may be a moment old:
# 10,000 jobs take about 30 ms to read and are remembered for 0.6 s.
SHARE_OF_TIME: Final = 0.05


class Place(NamedTuple):
    """The jobs that start before a queued job, and the credits for their open calls."""

    jobs_ahead: int
    credits_ahead: int


FIRST: Final = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Queue:
    """An account's queue as it was once: its jobs' keys in the order of their start, the credits before each.

    ``stale_at`` is on the process's monotonic clock, in seconds.
    """

    keys: list[tuple[bool, datetime]]
    credits_before: list[int]
    stale_at: float

    @classmethod
    def read(cls, account: str) -> Self:
        """Read it with one query."""
        began = time.monotonic()
        rows = in_queue_order(TryOnJob.objects.filter(account=account, status=Status.QUEUED))
        keys, prices = [], []
        for lane, created_at, price in rows.values_list("lane", "created_at", "price"):
            keys.append((lane == Lane.BULK, created_at))
            prices.append(price)
        ended = time.monotonic()
        fresh_seconds = (ended - began) / SHARE_OF_TIME if len(keys) >= LARGE else 0.0
        return cls(keys, list(accumulate(prices, initial=0)), ended + fresh_seconds)

    def place_of(self, job: TryOnJob) -> Place:
        jobs_ahead = bisect_left(self.keys, (job.lane == Lane.BULK, job.created_at))
        return Place(jobs_ahead, self.credits_before[jobs_ahead])


_remembered: dict[str, Queue] = {}


def places_of(jobs: Iterable[TryOnJob]) -> dict[UUID, Place]:
    """Return the places of those jobs that are queued, by their ids, from one reading of each queue."""
    queued = [job for job in jobs if job.status == Status.QUEUED]
    queues = {account: _queue(account) for account in {job.account for job in queued}}
    return {job.pk: queues[job.account].place_of(job) for job in queued}


def forget() -> None:
    """Read the queue at the next call, however long it is."""
    _remembered.clear()


def _queue(account: str) -> Queue:
    queue = _remembered.get(account)
    if queue is None or time.monotonic() >= queue.stale_at:
        queue = _remembered[account] = Queue.read(account)
    return queue
