"""The writer of job events."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from tryon.models import EventKind, JobEvent


def record(job_id: UUID, kind: EventKind, **data: Any) -> None:
    """Write an event. ``data`` holds JSON values, never an address or a key."""
    JobEvent.objects.create(job_id=job_id, kind=kind, data=data)


def record_for_all(job_ids: Iterable[UUID], kind: EventKind, **data: Any) -> None:
    """Write the same event for several jobs at once."""
    JobEvent.objects.bulk_create(JobEvent(job_id=job_id, kind=kind, data=data) for job_id in job_ids)
