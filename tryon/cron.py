"""The timetable of the tasks. Times are UTC."""

from typing import Any, Final

from rq import cron

from tryon import tasks

SWEEP_SECONDS: Final = 30
WATCH_SECONDS: Final = 300
MEASURE_SECONDS: Final = 30
METRICS_SECONDS: Final = 60
MONEY_SECONDS: Final = 600
BALANCE_SECONDS: Final = 1800
# A nightly task may wait for a worker to restart, but not until the next night.
CLEANUP_TTL: Final = 3600

EVERY_HOUR: Final = {
    "expired_results": "0 * * * *",
    "expired_shopper_photos": "10 * * * *",
    "shopper_erasures": "20 * * * *",
    "photos_of_products": "45 * * * *",
    "photo_fetches": "40 * * * *",
    "old_requesters": "50 * * * *",
    "test_jobs": "52 * * * *",
    "test_uploads": "55 * * * *",
    "old_idempotency_keys": "57 * * * *",
}
EVERY_NIGHT: Final = {
    "abandoned_uploads": "5 2 * * *",
    "spent_uploads": "10 2 * * *",
    "kept_pictures": "15 2 * * *",
    "archived_jobs": "17 2 * * *",
    "old_jobs": "20 2 * * *",
    "old_archived_jobs": "22 2 * * *",
    "old_events": "25 2 * * *",
    "erasures": "30 2 * * *",
    "old_sessions": "35 2 * * *",
    "old_logins": "40 2 * * *",
    "old_upload_attempts": "42 2 * * *",
    "old_imports": "42 2 * * *",
    "stored_files": "45 2 * * *",
    "old_audit_entries": "50 2 * * *",
}


def register_timetable() -> None:
    """Register each task, so that RQ's cron enqueues it for the maintenance worker at its time."""
    _register(tasks.sweep, interval=SWEEP_SECONDS, ttl=SWEEP_SECONDS)
    _register(tasks.measure_results, interval=MEASURE_SECONDS, ttl=MEASURE_SECONDS)
    _register(tasks.watch_storage, interval=WATCH_SECONDS, ttl=WATCH_SECONDS)
    _register(tasks.roll_up_metrics, interval=METRICS_SECONDS, ttl=METRICS_SECONDS)
    _register(tasks.roll_up_money, interval=MONEY_SECONDS, ttl=MONEY_SECONDS)
    _register(tasks.ask_for_balances, interval=BALANCE_SECONDS, ttl=BALANCE_SECONDS)
    _register(tasks.release_alerts, cron="0 3 * * *", ttl=CLEANUP_TTL)
    for name, at in (EVERY_HOUR | EVERY_NIGHT).items():
        _register(tasks.cleanup, args=(name,), cron=at, ttl=CLEANUP_TTL)


def _register(function: Any, *, ttl: int, **options: Any) -> None:
    """Register a task. RQ drops a run that finds no worker within ``ttl`` seconds."""
    cron.register(function, queue_name="maintenance", ttl=ttl, result_ttl=60, failure_ttl=86_400, **options)
