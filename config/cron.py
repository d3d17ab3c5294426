"""What runs by the clock: ``manage.py rqcron config.cron``. Run exactly one of these. Times are UTC."""

from typing import Any, Final

from django.utils.module_loading import import_string
from rq import cron

SWEEP_SECONDS: Final = 30
WATCH_SECONDS: Final = 300
# A nightly task may wait for a worker that is restarted, not for the next night.
CLEANUP_TTL: Final = 3600

EVERY_NIGHT: Final = {
    "abandoned_uploads": "5 2 * * *",
    "spent_uploads": "10 2 * * *",
    "kept_pictures": "15 2 * * *",
    "old_events": "25 2 * * *",
    "old_sessions": "35 2 * * *",
    "stored_files": "45 2 * * *",
}


def register(task: str, *, ttl: int, **options: Any) -> None:
    """Have the maintenance worker run a task of ``tryon.tasks``, by its path: config imports no app.

    A run that found no worker for ``ttl`` seconds is dropped.
    """
    function = import_string(f"tryon.tasks.{task}")
    cron.register(function, queue_name="maintenance", ttl=ttl, result_ttl=60, failure_ttl=86_400, **options)


register("sweep", interval=SWEEP_SECONDS, ttl=SWEEP_SECONDS)
register("watch_storage", interval=WATCH_SECONDS, ttl=WATCH_SECONDS)
register("cleanup", args=("expired_results",), cron="0 * * * *", ttl=CLEANUP_TTL)
for name, at in EVERY_NIGHT.items():
    register("cleanup", args=(name,), cron=at, ttl=CLEANUP_TTL)
