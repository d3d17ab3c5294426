"""The only door to RQ. A task carries an id. A lost task costs seconds, because the sweep finds its job."""

import functools
import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import django_rq
import structlog
from django.conf import settings
from django.db import transaction
from redis import RedisError
from rq import Queue

from config.core.redis.addresses import connect
from config.core.redis.outage import Outage
from config.core.redis.writing import reason_of, require_writable, wait_until_writable

logger = structlog.stdlib.get_logger(__name__)

STEPS: Final = "tryon"
MAINTENANCE: Final = "maintenance"
FINISHED_TASK_SECONDS: Final = 60
FAILED_TASK_SECONDS: Final = 86_400


def enqueue_advance(job_id: UUID) -> None:
    """Ask a worker to advance a job, once the current transaction has committed."""
    _enqueue("tryon.tasks.advance_job", str(job_id))


def enqueue_timer(job_id: UUID, *, delay_seconds: float) -> None:
    """Ask a worker to advance a job later. A timer that fires early is set again."""
    _enqueue("tryon.tasks.advance_job_by_timer", str(job_id), delay_seconds=delay_seconds)


def enqueue_rescue(prediction_id: UUID) -> None:
    """Ask a worker to look for a late picture."""
    _enqueue("tryon.tasks.rescue_prediction", str(prediction_id))


def enqueue_sweep(*, delay_seconds: float) -> None:
    """Ask a worker to run the sweep."""
    _enqueue("tryon.tasks.sweep", delay_seconds=delay_seconds)


def enqueue_cleanup(name: str) -> None:
    """Ask the maintenance worker to continue a cleanup task."""
    _enqueue("tryon.tasks.cleanup", name, queue=MAINTENANCE)


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
