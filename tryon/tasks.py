"""What workers run: thin doors into the engine, harmless when run twice, late or not at all."""

from uuid import UUID

import structlog
from django.db import close_old_connections

from tryon import recovery
from tryon.advance import advance
from tryon.steps import rescue


def advance_job(job_id: str) -> None:
    """Move one job on."""
    # A SimpleWorker lives for thousands of tasks: nobody else replaces a database connection that died.
    close_old_connections()
    with structlog.contextvars.bound_contextvars(job_id=job_id):
        advance(UUID(job_id))


def rescue_prediction(prediction_id: str) -> None:
    """Ask for a late picture."""
    close_old_connections()
    rescue(UUID(prediction_id))


def sweep() -> None:
    """Find what no task holds any more. Cron calls this every 30 seconds."""
    close_old_connections()
    recovery.sweep()
