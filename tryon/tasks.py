"""What workers run: thin doors into the engine, harmless when run twice, late or not at all."""

from typing import Final
from uuid import UUID

import structlog
from django.db import close_old_connections

from config.core.clock import check_host
from config.core.upkeep.runs import run
from tryon.cleanup import EARLY, TASKS
from tryon.cleanup.watch import must_clean_early
from tryon.engine import queue, recovery, steps
from tryon.engine.advance import advance

# The sweep, every half minute, is done by the same worker.
CLEANUP_SECONDS: Final = 15.0


def advance_job(job_id: str) -> None:
    """Move one job on."""
    # A SimpleWorker lives for thousands of tasks: nobody else replaces a database connection that died.
    close_old_connections()
    with structlog.contextvars.bound_contextvars(job_id=job_id):
        advance(UUID(job_id))


def rescue_prediction(prediction_id: str) -> None:
    """Ask for a late picture."""
    close_old_connections()
    steps.rescue_prediction(UUID(prediction_id))


def sweep() -> None:
    """Find what no task holds any more. Cron calls this every 30 seconds."""
    close_old_connections()
    check_host()  # the maintenance worker is RQ's own class, and this its most frequent task
    recovery.sweep()


def cleanup(name: str) -> None:
    """Run a clean-up task for a while. What is left is handed on, so that the sweep gets its turns."""
    close_old_connections()
    done = run(name, TASKS[name].work(), max_seconds=CLEANUP_SECONDS)
    if done is not None and done.cursor and not done.problem:
        queue.enqueue_cleanup(name)


def watch_storage() -> None:
    """Warn when storage fills up, and clean early when it is nearly full."""
    close_old_connections()
    if must_clean_early():
        for name, task in EARLY.items():
            run(name, task.work(), max_seconds=CLEANUP_SECONDS)
