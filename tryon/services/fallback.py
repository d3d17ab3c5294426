"""The fallback without Redis: no worker runs then, so one thread of each web process does their work.

No request calls FASHN or fetches a picture. A request about a job that is overdue wakes the thread.
"""

import atexit
import threading
from datetime import timedelta
from typing import Final

import structlog
from django.db import close_old_connections, connections
from django.db.models import Q

from config.core import clock
from tryon.engine import queue
from tryon.engine.advance import advance, dispatch_all
from tryon.models import ACTIVE, Status, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

# Workers are seldom later than this, so an ordinary poll never checks Redis.
OVERDUE: Final = timedelta(seconds=5)
PAUSE_SECONDS: Final = 1.0
# A process that ends waits this long for the job in hand: FASHN may be about to answer a paid call.
END_SECONDS: Final = 60.0
BATCH: Final = 100


def wake_if_overdue(job: TryOnJob) -> None:
    """Have the thread do the work of workers, if the job waits in vain because the queue is away."""
    due_since = {
        Status.QUEUED: job.not_before or job.updated_at,
        Status.PROCESSING: job.next_check_at,
    }.get(Status(job.status))
    if due_since is not None and due_since < clock.now() - OVERDUE and queue.is_away():
        SUBSTITUTE.wake()


def run_due() -> None:
    """Start what gets a slot, and advance each due job once, one after the other.

    The longest overdue goes first. A job that breaks is logged and stops no other. It ends early when the
    queue is back.
    """
    dispatch_all()
    now = clock.now()
    free = Q(lease=None) | Q(lease_until__lt=now)
    due = TryOnJob.objects.filter(free, status=Status.PROCESSING, next_check_at__lte=now)
    for job_id in list(due.order_by("next_check_at").values_list("pk", flat=True)[:BATCH]):
        if not queue.is_away():
            return
        with structlog.contextvars.bound_contextvars(job_id=str(job_id)):
            try:
                advance(job_id)
            except Exception:  # whatever broke this job must not stop the others
                logger.exception("job_not_advanced")


def run_due_if_away() -> bool:
    """Run what is due, if the queue is away and a job is active. Return whether that was so."""
    if not queue.is_away() or not TryOnJob.objects.filter(status__in=ACTIVE).exists():
        return False
    run_due()
    return True


class Substitute:
    """A thread that does the workers' work while the queue is away. A process has one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told_to_end = threading.Event()

    def wake(self) -> None:
        """Start the thread, unless it runs."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                logger.warning("workers_substituted")
                self._told_to_end.clear()
                self._thread = threading.Thread(target=self._work, name="substitute", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Let the thread finish the job in hand, and wait for that."""
        self._told_to_end.set()
        if self._thread is not None:
            self._thread.join(END_SECONDS)

    def _work(self) -> None:
        """Run until the queue is back, or no job is active. An error ends it, and the next poll wakes it."""
        try:
            while run_due_if_away() and not self._told_to_end.wait(PAUSE_SECONDS):
                close_old_connections()
        except Exception:  # nobody above would log it: the thread would end without a word
            logger.exception("substitute_failed")
        finally:
            connections.close_all()


SUBSTITUTE: Final = Substitute()
atexit.register(SUBSTITUTE.end)
