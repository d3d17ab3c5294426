"""The flight recorder."""

from typing import Any
from uuid import UUID

from tryon.models import JobEvent


def record(job_id: UUID, kind: str, **data: Any) -> None:
    """Write an event. ``data`` holds JSON values, and never an address or a key."""
    JobEvent.objects.create(job_id=job_id, kind=kind, data=data)
