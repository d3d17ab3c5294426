"""The readings in the format of Prometheus.

They are made when Prometheus asks, from rows and Redis, so that they are right with any number of processes.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import override

from django.db import DatabaseError
from django_rq.contrib.prometheus import RQCollector
from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from redis import RedisError

from tryon.accounts import queue_of, stands_for_queue
from tryon.engine import queue
from tryon.metrics import readings
from tryon.metrics.families import counter, gauge, histogram
from tryon.metrics.models import Topic
from tryon.metrics.rollup import all_time
from tryon.metrics.tallies import Counts
from tryon.models import Account, Pause
from tryon.webhooks.models import Trouble
from tryon.webhooks.selectors import attempts_made, backlogs, disabled_count


def registry() -> CollectorRegistry:
    """Return the metrics of this installation, and those of RQ while Redis is there."""
    found = CollectorRegistry(auto_describe=False)
    found.register(StudioCollector())
    found.register(QueueCollector())
    return found


class StudioCollector(Collector):
    """The metrics of the studio."""

    @override
    def collect(self) -> Iterator[Metric]:
        yield from _queued()
        yield from _accounts()
        yield from _counters(all_time())
        yield from _processes()
        yield from _webhooks()
        yield from _rest()


class QueueCollector(Collector):
    """The metrics of RQ, by django-rq's own collector."""

    @override
    def collect(self) -> Iterator[Metric]:
        if queue.is_away():
            return
        try:
            yield from RQCollector().collect()  # type: ignore[no-untyped-call]
        except RedisError:
            queue.outage.note()


def _queued() -> Iterator[Metric]:
    lanes = readings.lanes()
    yield gauge(
        "tryon_queue_jobs",
        "Queued jobs.",
        ["lane", "shop"],
        {(one.lane, shop): found.jobs for one in lanes for shop, found in one.by_shop.items()},
    )
    yield gauge(
        "tryon_queue_oldest_seconds",
        "Time that the oldest queued job has waited.",
        ["lane", "shop"],
        {(one.lane, shop): found.oldest_seconds for one in lanes for shop, found in one.by_shop.items()},
    )
    failed = "Failed jobs that another try may cure."
    yield gauge("tryon_dead_letters", failed, [], {(): readings.dead_letter_count()})


def _accounts() -> Iterator[Metric]:
    found = readings.account_readings()
    yield gauge(
        "tryon_slots",
        "Predictions that FASHN may make at the same time: those in use, and the limit now.",
        ["account", "state"],
        {(one.account, "used"): one.slots_taken for one in found}
        | {(one.account, "limit"): one.slots for one in found},
    )
    yield gauge(
        "tryon_circuit_open",
        "1 while FASHN can't accept jobs.",
        ["account"],
        {(one.account,): one.is_circuit_open for one in found},
    )
    yield gauge(
        "tryon_paused",
        "1 while no job starts, for this reason.",
        ["account", "reason"],
        {(one.account, reason): one.pause == reason for one in found for reason in Pause.values},
    )
    yield gauge(
        "tryon_credits_balance",
        "Credits at FASHN, as it told last.",
        ["account"],
        {(one.account,): one.balance for one in found if one.balance is not None},
    )
    yield gauge(
        "tryon_credits_balance_known",
        "1 where FASHN has told the balance and takes the key.",
        ["account"],
        {(one.account,): one.balance is not None for one in found},
    )
    yield gauge(
        "tryon_credits_today",
        "Credits spent today (UTC), and the daily limit where there is one.",
        ["account", "state"],
        # The accounts of a queue share its budget.
        {
            (queue_of(one.account), "spent"): one.credits_today
            for one in found
            if stands_for_queue(one.account)
        }
        | {
            (queue_of(one.account), "limit"): one.daily_limit
            for one in found
            if stands_for_queue(one.account) and one.daily_limit
        },
    )


def _counters(counts: Counts) -> Iterator[Metric]:
    of: dict[Topic, dict[tuple[str, str, str], int]] = defaultdict(lambda: defaultdict(int))
    for thing, number in counts.items():
        if thing.account != Account.TEST:
            of[thing.topic][thing.first, thing.second, thing.third] += number
    yield counter(
        "tryon_jobs",
        "Jobs that ended, by outcome and code of the failure.",
        ["outcome", "code"],
        of[Topic.ENDED],
        always=["completed", "failed", "canceled"],
    )
    yield counter(
        "tryon_fashn_calls",
        "Predictions asked of FASHN, by outcome.",
        ["outcome"],
        of[Topic.CALL],
        always=["succeeded", "failed", "unknown", "refused"],
    )
    yield counter(
        "tryon_credits",
        "Credits: spent; saved by reuse; rescued with late pictures; unknown, of unanswered calls.",
        ["kind"],
        of[Topic.CREDITS],
        always=["spent", "saved", "rescued", "unknown"],
    )
    yield counter(
        "tryon_cache_answers",
        "Requests, by the way in which they were answered.",
        ["outcome"],
        of[Topic.CACHE],
        always=["hit", "join", "miss"],
    )
    stages = "Time of completed jobs in each stage."
    yield histogram("tryon_stage_seconds", stages, ["stage", "mode"], of[Topic.STAGE], of[Topic.STAGE_TIME])
    waits = "Time of completed jobs in the queue."
    yield histogram("tryon_wait_seconds", waits, ["lane"], of[Topic.WAIT], of[Topic.WAIT_TIME])


def _processes() -> Iterator[Metric]:
    found = readings.processes()
    yield gauge(
        "tryon_heartbeat_age_seconds",
        "Time since the last sign of life of any worker of steps, of the clock, and since the last sweep.",
        ["process"],
        {(process,): seconds for process, seconds in found.ages.items()},
    )
    yield gauge(
        "tryon_workers",
        "Workers by queue.",
        ["queue"],
        {(name,): found.workers_of(name) for name in (queue.STEPS, queue.MAINTENANCE)},
    )
    yield gauge("tryon_redis_up", "1 while Redis takes tasks.", [], {(): found.workers is not None})


def _webhooks() -> Iterator[Metric]:
    waiting = backlogs(is_test=False)
    yield gauge(
        "tryon_webhook_pending",
        "Deliveries to active webhook endpoints that are not made, by the health of their endpoints.",
        ["endpoints"],
        {(health,): found.deliveries for health, found in waiting.items()},
    )
    yield gauge(
        "tryon_webhook_late_seconds",
        "Time that the delivery that has been due longest has waited to be tried, where none is being sent.",
        ["endpoints"],
        {(health,): found.late_seconds for health, found in waiting.items()},
    )
    disabled = disabled_count()
    yield gauge(
        "tryon_webhook_endpoints_disabled",
        "Webhook endpoints that the service has disabled and nobody has looked after, by reason.",
        ["reason"],
        {(reason,): disabled.get(reason, 0) for reason in Trouble.values},
    )
    made = attempts_made(is_test=False)
    yield counter(
        "tryon_webhook_attempts",
        "Attempts to deliver: delivered, retried later, or failed, which was the last one.",
        ["outcome"],
        {(outcome, "", ""): number for outcome, number in made.items()},
        always=[],
    )


def _rest() -> Iterator[Metric]:
    storage = readings.storage()
    kinds = {(kind,): number for kind, number in storage.by_kind.items()}
    yield gauge("tryon_storage_bytes", "Stored bytes by kind.", ["kind"], kinds)
    if storage.limit is not None:
        yield gauge("tryon_storage_limit_bytes", "STORAGE_LIMIT_GB.", [], {(): storage.limit})
    try:
        offsets = readings.clock_offsets()
    except DatabaseError:
        return
    ahead = "How far the clock of each machine at work is ahead of the database's."
    by_machine = {(machine,): seconds for machine, seconds in offsets.items()}
    yield gauge("tryon_clock_offset_seconds", ahead, ["machine"], by_machine)
