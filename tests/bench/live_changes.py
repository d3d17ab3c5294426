"""Cancel jobs, and print when each was committed: ``python -m tests.bench.live_changes RATE < IDS``.

A line of its output is a job and the monotonic time, which all processes of a machine share. The rate is of
changes in a second, and 0 is as fast as possible. ``--sweep`` tells the listeners afterwards, as cron does.
"""

import sys
import time

import django

django.setup()

from django.db import transaction  # noqa: E402  (models need Django set up)

from tryon.engine import actions  # noqa: E402
from tryon.models import TryOnJob  # noqa: E402
from tryon.services.live import tell_listeners  # noqa: E402


def cancel(job_id: str) -> None:
    """Cancel a job through the engine, and print the time of its commit."""
    job = TryOnJob.objects.get(pk=job_id)
    with transaction.atomic():
        transaction.on_commit(lambda: print(job_id, time.monotonic(), flush=True))  # noqa: T201
        actions.cancel(job, by="bench")


def main() -> None:
    rate = float(sys.argv[1])
    began = time.monotonic()
    for number, job_id in enumerate(sys.stdin.read().split()):
        if rate:
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
        cancel(job_id)
    if "--sweep" in sys.argv:
        tell_listeners()


if __name__ == "__main__":
    main()
