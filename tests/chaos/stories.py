"""Prints the events of the jobs without a result: ``python -m tests.chaos.stories``."""

import sys

import django

django.setup()

from tryon.models import TryOnJob  # noqa: E402  (models need Django set up)

if __name__ == "__main__":
    for job in TryOnJob.objects.filter(result=None).prefetch_related("events", "predictions"):
        calls = [(call.state, call.provider_id[:8]) for call in job.predictions.all()]
        events = [f"{event.at:%M:%S} {event.kind} {event.data}" for event in job.events.all()]
        sys.stdout.write(f"{job.status} {job.error_code} {job.options} {calls}: {'; '.join(events)}\n")
