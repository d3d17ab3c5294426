"""The worker process of the queue of steps."""

from typing import Any, Final, override

import structlog
from rq import SimpleWorker

from config.core.clock import check_host
from config.core.images import CHILDREN
from tryon.engine import queue, recovery
from tryon.engine.leases import LEASE

logger = structlog.stdlib.get_logger(__name__)

# RQ's timers belong to one worker, by a lock that outlives it by 61 s when it is killed. The others look
# whether it is free at their maintenance only: every 10 minutes, and no sooner than an idle worker's wait for
# a task ends, nearly 7 minutes. Until then no timer fires. Seconds.
MAINTENANCE_SECONDS: Final = 15
IDLE_SECONDS: Final = 10


class StepWorker(SimpleWorker):
    """Runs steps in its own process: a fork for each would cost five times the CPU of a step.

    At its start it looks for what a killed predecessor left: now, and again when that one's leases are over.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"maintenance_interval": MAINTENANCE_SECONDS, **kwargs})

    @property
    @override
    def dequeue_timeout(self) -> int:
        """How long an idle worker waits for a task before it looks after its timers, in seconds."""
        return IDLE_SECONDS

    @override
    def work(self, *args: Any, **kwargs: Any) -> bool:
        check_host()
        CHILDREN.start()
        try:
            recovery.sweep()
        except ExceptionGroup as group:
            # The database is away, or not migrated yet: the worker still waits for its tasks.
            errors = sorted({type(error).__name__ for error in group.exceptions})
            logger.warning("no_sweep_at_start", errors=errors)
        queue.enqueue_sweep(delay_seconds=LEASE.total_seconds() + 1)
        return super().work(*args, **kwargs)
