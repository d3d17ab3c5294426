"""The only door to RQ. A task carries an id. A lost task costs seconds, because the sweep finds its job."""

import functools
import json
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import django_rq
import structlog
from django.conf import settings
from django.db import transaction
from redis import RedisError
from rq import Queue, Worker
from rq.cron import CronScheduler

from config.core import clock
from config.core.redis.addresses import connect
from config.core.redis.outage import Outage
from config.core.redis.writing import reason_of, require_writable, wait_until_writable

logger = structlog.stdlib.get_logger(__name__)

STEPS: Final = "tryon"
MAINTENANCE: Final = "maintenance"
# Of a worker's own record in Redis, which ends with the worker.
SHARED_FIELD: Final = "secrets"  # the name of an earlier release
FINISHED_TASK_SECONDS: Final = 60
# RQ keeps a failed task for a year. The log has its traceback, and the sweep finds the job that it held.
FAILED_TASK_SECONDS: Final = 900
# A task that is lost keeps others like it away for this long.
OUTSTANDING_SECONDS: Final = 10
DOCTOR_SECONDS: Final = 600  # behind a long cleanup


def enqueue_advance(job_id: UUID) -> None:
    """Ask a worker to advance a job, once the current transaction has committed."""
    _enqueue("tryon.tasks.advance_job", str(job_id))


def enqueue_timer(job_id: UUID, *, delay_seconds: float) -> None:
    """Ask a worker to advance a job later. A timer that fires early is set again."""
    _enqueue("tryon.tasks.advance_job_by_timer", str(job_id), delay_seconds=delay_seconds)


def enqueue_dispatch(*, at: datetime | None = None) -> None:
    """Ask a worker to give out slots, now or at a time, once the current transaction has committed.

    All who ask for the same second share one task, so a job at FASHN never waits behind new requests.
    """
    _enqueue_once("tryon.tasks.dispatch", at)


def enqueue_probe(*, at: datetime) -> None:
    """Ask a worker to find out at a time if FASHN is back."""
    _enqueue_once("tryon.tasks.probe", at)


def begins(task: str) -> None:
    """Note that a task that all share, if outstanding, begins. A request from now on needs another."""
    if outage.is_on():
        return
    try:
        _queue(STEPS).connection.delete(_outstanding(task, "now"))
    except RedisError as error:
        outage.note()
        logger.warning("queue_away", task=task, error=type(error).__name__)


def enqueue_rescue(prediction_id: UUID) -> None:
    """Ask a worker to look for a late picture."""
    _enqueue("tryon.tasks.rescue_prediction", str(prediction_id))


def enqueue_sweep(*, delay_seconds: float) -> None:
    """Ask a worker to run the sweep."""
    _enqueue("tryon.tasks.sweep", delay_seconds=delay_seconds)


def enqueue_cleanup(name: str) -> None:
    """Ask the maintenance worker to continue a cleanup task."""
    _enqueue("tryon.tasks.cleanup", name, queue=MAINTENANCE)


def enqueue_preview(name: str) -> None:
    """Ask the maintenance worker to count what a cleanup task would remove."""
    _enqueue("tryon.tasks.preview_cleanup", name, queue=MAINTENANCE)


def enqueue_doctor() -> None:
    """Ask the maintenance worker to write the doctor's report. All who ask before share one task."""
    _enqueue_once("tryon.tasks.doctor", None, queue=MAINTENANCE, outstanding=DOCTOR_SECONDS)


def enqueue_alerts(*, by_steps: bool = False) -> None:
    """Ask a worker to look for trouble. The worker of the steps does it where the other one may be dead."""
    _enqueue_once("tryon.tasks.alerts", None, queue=STEPS if by_steps else MAINTENANCE)


def enqueue_batches() -> None:
    """Ask the maintenance worker to count plans and feed batches. All who ask before share one task."""
    _enqueue_once("tryon.tasks.batches", None, queue=MAINTENANCE)


def enqueue_webhooks(*, at: datetime | None = None) -> None:
    """Ask a worker to deliver what is due to shops' servers, now or at a time, as ``enqueue_dispatch``."""
    _enqueue_once("tryon.tasks.deliver_webhooks", at)


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A worker that gave a sign of life in the last minutes. ``shared`` has fingerprints of settings.

    ``heard_at`` is by the clock of its machine.
    """

    machine: str
    queues: tuple[str, ...]
    shared: Mapping[str, str]
    state: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeenClock:
    """A process that sends the tasks of the clock. ``heard_at`` is by the clock of its machine."""

    machine: str
    heard_at: datetime | None


def workers() -> list[SeenWorker]:
    """Return the workers of all machines. Raise RedisError."""
    redis = _queue(STEPS).connection
    return [
        SeenWorker(
            worker.hostname or "",
            tuple(worker.queue_names()),
            json.loads(redis.hget(worker.key, SHARED_FIELD) or "{}"),
            str(worker.get_state()),
            worker.last_heartbeat,
        )
        for worker in Worker.all(connection=redis)
    ]


def clocks() -> list[SeenClock]:
    """Return the processes that send the tasks of the clock. Raise RedisError."""
    found = CronScheduler.all(_queue(STEPS).connection)
    return [SeenClock(one.hostname, one.last_heartbeat) for one in found]


def is_away() -> bool:
    """Return whether Redis takes no tasks: unreachable, full, or a replica. It asks once in two seconds."""
    outage.look(lambda: require_writable(_queue(STEPS).connection))
    return outage.is_on()


def wait_until_there() -> None:
    """Return when Redis takes tasks. Until then a worker or a clock has nothing to do."""
    with connect(settings.REDIS_URL) as client:
        wait_until_writable(client)


outage: Final = Outage()


def _enqueue(function: str, *arguments: str, delay_seconds: float = 0.0, queue: str = STEPS) -> None:
    # Every task gets its own name: RQ refuses a reused name for minutes after success.
    name = "-".join([function.rpartition(".")[2], *arguments, secrets.token_hex(4)])
    transaction.on_commit(lambda: _send(queue, name, function, arguments, delay_seconds))


def _enqueue_once(
    function: str, at: datetime | None, *, queue: str = STEPS, outstanding: int = OUTSTANDING_SECONDS
) -> None:
    task = function.rpartition(".")[2]
    delay, second = 0.0, "now"
    if at is not None and (left := (at - clock.now()).total_seconds()) > 0:
        # RQ cuts the fraction of a second off, and one that comes too early finds nothing to do.
        delay, second = left + 1.0, str(math.ceil(at.timestamp()))
    key, seconds = _outstanding(task, second), math.ceil(delay) + outstanding
    transaction.on_commit(lambda: _send_once(queue, key, seconds, function, delay))


def _send_once(queue_name: str, key: str, seconds: int, function: str, delay_seconds: float) -> None:
    """Hand a task to RQ, unless the same task is there and has not begun."""
    if outage.is_on():
        return
    try:
        if not _queue(STEPS).connection.set(key, 1, nx=True, ex=seconds):
            return
    except RedisError as error:
        outage.note()
        logger.warning("queue_away", task=function, error=type(error).__name__)
        return
    name = f"{function.rpartition('.')[2]}-{secrets.token_hex(4)}"
    _send(queue_name, name, function, (), delay_seconds)


def _outstanding(task: str, second: str) -> str:
    return f"tryon:outstanding:{task}:{second}"


def _send(
    queue_name: str, name: str, function: str, arguments: tuple[str, ...], delay_seconds: float
) -> None:
    """Hand a task to RQ. If Redis is away, log it and go on: the sweep will find the saved row."""
    if outage.is_on():
        return
    options: dict[str, Any] = {
        "job_id": name,
        "result_ttl": FINISHED_TASK_SECONDS,
        "failure_ttl": FAILED_TASK_SECONDS,
    }
    try:
        queue = _queue(queue_name)
        if delay_seconds > 0:
            queue.enqueue_in(timedelta(seconds=delay_seconds), function, *arguments, **options)
        else:
            queue.enqueue(function, *arguments, **options)
    except RedisError as error:
        outage.note()
        logger.warning("queue_away", task=name, error=reason_of(error))


@functools.cache
def _queue(name: str) -> Queue:
    # Use one connection pool per process: django-rq would open a new pool for every call.
    return django_rq.get_queue(name, connection=connect(settings.REDIS_URL))
