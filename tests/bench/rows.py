"""Prints the paid calls and their jobs' times as JSON: ``python -m tests.bench.rows``, in a world."""

import json
import sys
from datetime import datetime

import django

django.setup()

from tryon.models import Prediction  # noqa: E402  (models need Django set up)


def rows() -> list[dict[str, object]]:
    """Each call by FASHN's id, with its job's creation, end and last event of each kind, in Unix time."""
    calls = Prediction.objects.select_related("job").prefetch_related("job__events")
    return [
        {
            "id": call.provider_id,
            "created": call.job.created_at.timestamp(),
            "completed": seconds(call.job.completed_at),
            "events": {event.kind: event.at.timestamp() for event in call.job.events.all()},
        }
        for call in calls
    ]


def seconds(at: datetime | None) -> float | None:
    """Seconds since the epoch."""
    return None if at is None else at.timestamp()


if __name__ == "__main__":
    json.dump(rows(), sys.stdout)
