"""The only door to RQ. A task carries an id; losing one costs seconds, for the sweep finds its job again."""

import functools
import secrets
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import django_rq
import structlog
from django.conf import settings
from django.db import transaction
from redis import Redis, RedisError
from rq import Queue

logger = structlog.stdlib.get_logger(__name__)

STEPS: Final = "tryon"
MAINTENANCE: Final = "maintenance"
FINISHED_TASK_SECONDS: Final = 60
FAILED_TASK_SECONDS: Final = 86_400


def enqueue_advance(job_id: UUID, *, delay_seconds: float = 0.0) -> None:
    """Ask a worker to advance a job, now or later, once the current transaction has committed."""
    task_id = f"advance-{job_id}-{secrets.token_hex(4)}"
    transaction.on_commit(lambda: _send(task_id, "tryon.tasks.advance_job", str(job_id), delay_seconds))


def _send(task_id: str, function: str, argument: str, delay_seconds: float) -> None:
    """Hand a task to RQ. Redis being away is logged and survived: the sweep will find the saved row."""
    # A name of its own for every task: RQ refuses a reused one for minutes after success.
    options: dict[str, Any] = {
        "job_id": task_id,
        "result_ttl": FINISHED_TASK_SECONDS,
        "failure_ttl": FAILED_TASK_SECONDS,
    }
    queue = _queue(STEPS)
    try:
        if delay_seconds > 0:
            queue.enqueue_in(timedelta(seconds=delay_seconds), function, argument, **options)
        else:
            queue.enqueue(function, argument, **options)
    except RedisError as error:
        logger.warning("queue_away", task=task_id, error=type(error).__name__)


@functools.cache
def _queue(name: str) -> Queue:
    # One connection pool a process: django-rq would open a new one for every call.
    connection = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=5)
    return django_rq.get_queue(name, connection=connection)
