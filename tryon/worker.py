"""The worker process of the queue of steps."""

from typing import Any, override

import structlog
from django.db import DatabaseError
from rq import SimpleWorker

from tryon import queue, recovery
from tryon.leases import LEASE

logger = structlog.stdlib.get_logger(__name__)


class StepWorker(SimpleWorker):
    """Runs steps in its own process: a fork for each would cost five times the CPU of a step.

    At its start it looks for what a killed predecessor left: now, and again when that one's leases are over.
    """

    @override
    def work(self, *args: Any, **kwargs: Any) -> bool:
        try:
            recovery.sweep()
        except DatabaseError as error:
            # Away, or not migrated yet: the worker waits for its tasks all the same.
            logger.warning("no_sweep_at_start", error=type(error).__name__)
        queue.enqueue_sweep(delay_seconds=LEASE.total_seconds() + 1)
        return super().work(*args, **kwargs)
