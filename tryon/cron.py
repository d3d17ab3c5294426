"""The timetable of the tasks. Times are UTC."""

from typing import Any, Final

from rq import cron

from tryon import tasks
from tryon.cleanup.timetable import TIMES
from tryon.engine.queue import FAILED_TASK_SECONDS, FINISHED_TASK_SECONDS

SWEEP_SECONDS: Final = 30
WATCH_SECONDS: Final = 300
ALERT_SECONDS: Final = 30
MEASURE_SECONDS: Final = 30
METRICS_SECONDS: Final = 60
MONEY_SECONDS: Final = 600
BALANCE_SECONDS: Final = 1800
# A nightly task may wait for a worker to restart, but not until the next night.
CLEANUP_TTL: Final = 3600


def register_timetable() -> None:
    """Register each task, so that RQ's cron enqueues it for the maintenance worker at its time."""
    _register(tasks.sweep, interval=SWEEP_SECONDS, ttl=SWEEP_SECONDS)
    _register(tasks.measure_results, interval=MEASURE_SECONDS, ttl=MEASURE_SECONDS)
    _register(tasks.watch_storage, interval=WATCH_SECONDS, ttl=WATCH_SECONDS)
    _register(tasks.roll_up_metrics, interval=METRICS_SECONDS, ttl=METRICS_SECONDS)
    _register(tasks.roll_up_money, interval=MONEY_SECONDS, ttl=MONEY_SECONDS)
    _register(tasks.ask_for_balances, interval=BALANCE_SECONDS, ttl=BALANCE_SECONDS)
    _register(tasks.alerts, interval=ALERT_SECONDS, ttl=ALERT_SECONDS)
    for name, at in TIMES.items():
        _register(tasks.cleanup, args=(name,), cron=at, ttl=CLEANUP_TTL)


def _register(function: Any, *, ttl: int, **options: Any) -> None:
    """Register a task. RQ drops a run that finds no worker within ``ttl`` seconds."""
    cron.register(
        function,
        queue_name="maintenance",
        ttl=ttl,
        result_ttl=FINISHED_TASK_SECONDS,
        failure_ttl=FAILED_TASK_SECONDS,
        **options,
    )
