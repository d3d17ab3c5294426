"""Prints what happened to jobs, event by event: ``python -m tests.chaos.stories <id> …``."""

import sys

import django

django.setup()

from tryon.models import TryOnJob  # noqa: E402  (models need Django set up)

if __name__ == "__main__":
    for job in TryOnJob.objects.filter(pk__in=sys.argv[1:]).prefetch_related("events", "predictions"):
        sys.stdout.write(f"  job {job.pk} {job.status} {job.error_code} {job.options}\n")
        for call in job.predictions.all():
            sys.stdout.write(
                f"    call {call.model_name} {call.state} {call.provider_id} {call.error_name}\n"
            )
        for event in job.events.all():
            sys.stdout.write(f"    {event.at:%H:%M:%S.%f} {event.kind} {event.data}\n")
