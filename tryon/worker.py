"""The worker process of the queue of steps."""

from typing import Any, override

from rq import SimpleWorker

from tryon import queue, recovery
from tryon.leases import LEASE


class StepWorker(SimpleWorker):
    """Runs steps in its own process: a fork for each would cost five times the CPU of a step.

    At its start it looks for what a killed predecessor left: now, and again when that one's leases are over.
    """

    @override
    def work(self, *args: Any, **kwargs: Any) -> bool:
        recovery.sweep()
        queue.enqueue_sweep(delay_seconds=LEASE.total_seconds() + 1)
        return super().work(*args, **kwargs)
