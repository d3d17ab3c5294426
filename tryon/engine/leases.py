"""Leases. One worker at a time moves a job, and a killed worker is noticed within seconds."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import DatabaseError, connection
from django.db.models import Q

from config.core import clock
from tryon.models import ACTIVE, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

LEASE: Final = timedelta(seconds=20)
RENEW_SECONDS: Final = 5.0


@contextmanager
def leased(job_id: UUID) -> Iterator[TryOnJob | None]:
    """Hold the job's lease and yield the job, or yield None. One conditional UPDATE decides between rivals.

    A step may outlast a lease (a slow upload to FASHN), so a thread renews it while the process lives.
    """
    lease, now = uuid.uuid4(), clock.now()
    free = TryOnJob.objects.filter(Q(lease=None) | Q(lease_until__lt=now), pk=job_id, status__in=ACTIVE)
    if free.update(lease=lease, lease_until=now + LEASE) != 1:
        yield None
        return
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(job_id, lease, done), daemon=True)
    renewal.start()
    try:
        yield TryOnJob.objects.select_related("product_image", "model_image").get(pk=job_id)
    finally:
        done.set()
        renewal.join()
        # Release only our own lease: if it ran out, another process may hold one by now.
        TryOnJob.objects.filter(pk=job_id, lease=lease).update(lease=None, lease_until=None)


def _renew(job_id: UUID, lease: UUID, done: threading.Event) -> None:
    """Renew the lease until ``done``. Most steps end before the first renewal and open no connection."""
    renewed = False
    while not done.wait(RENEW_SECONDS):
        renewed = True
        try:
            TryOnJob.objects.filter(pk=job_id, lease=lease).update(lease_until=clock.now() + LEASE)
        except DatabaseError:
            logger.warning("lease_not_renewed", job_id=str(job_id))
            connection.close()  # it may have been cut, and the next renewal opens another
    if renewed:
        connection.close()
