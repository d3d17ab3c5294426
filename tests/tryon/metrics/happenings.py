"""Jobs that ended some time ago, with the events that they wrote."""

from datetime import datetime, timedelta
from typing import Any

from config.core import clock
from tests.factories import PredictionFactory, TryOnJobFactory
from tryon.models import EventKind, JobEvent, PredictionState, TryOnJob


def tell(job: TryOnJob, *kinds: tuple[str, float], end: datetime, **data: Any) -> None:
    """Write a job's events, each some seconds before its end. The last one gets the data."""
    for kind, seconds in kinds:
        at = end - timedelta(seconds=seconds)
        JobEvent.objects.create(job=job, kind=kind, at=at, data=data if not seconds else {})


def completed(*, ago: timedelta, waited: float, at_fashn: float, **job: Any) -> TryOnJob:
    """Return a job that waited, was made, and was stored within a second, so long ago."""
    made = TryOnJobFactory.create(completed=True, **job)
    end = clock.now() - ago
    PredictionFactory.create(job=made, state=PredictionState.SUCCEEDED, speed="balanced", submitted_at=end)
    tell(
        made,
        (EventKind.QUEUED, at_fashn + waited + 1),
        (EventKind.STARTED, at_fashn + 1),
        (EventKind.SUBMITTED, at_fashn + 1),
        (EventKind.PICTURE_READY, 1),
        (EventKind.COMPLETED, 0),
        end=end,
    )
    return made


def failed(code: str, *, ago: timedelta, **job: Any) -> TryOnJob:
    """Return a job that failed so long ago."""
    made = TryOnJobFactory.create(failed=True, error_code=code, **job)
    tell(made, (EventKind.FAILED, 0), end=clock.now() - ago, code=code)
    return made
