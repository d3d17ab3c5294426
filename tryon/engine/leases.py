"""Leases. One worker at a time moves a job, and a killed worker is noticed within seconds."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import connection
from django.db.models import Q

from config.core import clock
from tryon.models import ACTIVE, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

LEASE: Final = timedelta(seconds=20)
RENEW_SECONDS: Final = 5.0
# What is begun with less left than this may end after the lease. Seconds.
MARGIN_SECONDS: Final = 2.0

# When each lease of this process ends, by its monotonic clock: a process that was frozen sees it at once,
# and no correction of the host's clock moves it.
_ends: Final[dict[UUID, float]] = {}


@contextmanager
def leased(job_id: UUID) -> Iterator[TryOnJob | None]:
    """Hold the job's lease and yield the job, or yield None. One conditional UPDATE decides between rivals.

    A step may outlast a lease (a slow upload to FASHN), so a thread renews it while the process lives.
    """
    lease, end, now = uuid.uuid4(), _next_end(), clock.now()
    free = TryOnJob.objects.filter(Q(lease=None) | Q(lease_until__lt=now), pk=job_id, status__in=ACTIVE)
    if free.update(lease=lease, lease_until=now + LEASE) != 1:
        yield None
        return
    _ends[lease] = end
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(job_id, lease, done), daemon=True)
    renewal.start()
    try:
        yield TryOnJob.objects.select_related("product_image", "model_image", "shopper_photo").get(pk=job_id)
    finally:
        done.set()
        renewal.join()
        _ends.pop(lease, None)
        # Release only our own lease: if it ran out, another process may hold one by now.
        TryOnJob.objects.filter(pk=job_id, lease=lease).update(lease=None, lease_until=None)


def _renew(job_id: UUID, lease: UUID, done: threading.Event) -> None:
    """Renew the lease until ``done``. Most steps end before the first renewal and open no connection."""
    renewed = False
    while not done.wait(RENEW_SECONDS):
        renewed = True
        try:
            end = _next_end()
            if TryOnJob.objects.filter(pk=job_id, lease=lease).update(lease_until=clock.now() + LEASE):
                _ends[lease] = end
        except Exception as error:  # noqa: BLE001  (a driver's own errors too: without renewal the lease is lost)
            logger.warning("lease_not_renewed", job_id=str(job_id), error=type(error).__name__)
            connection.close()  # it may have been cut, and the next renewal opens another
    if renewed:
        connection.close()


def has_time(job: TryOnJob) -> bool:
    """Return whether the job's lease, as this process took it, lasts a moment longer."""
    return job.lease is not None and time.monotonic() < _ends.get(job.lease, 0.0) - MARGIN_SECONDS


def _next_end() -> float:
    """Return when a lease that is written from now on ends: measured before the write, so never too late."""
    return time.monotonic() + LEASE.total_seconds()
