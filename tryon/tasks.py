"""Tasks for the workers: thin doors into the engine, harmless when run twice, late or not at all."""

from typing import Final
from uuid import UUID

import structlog
from django.db import close_old_connections

from config.core.sentry import check_in
from config.core.upkeep.previews import preview_continue
from config.core.upkeep.runs import run
from tryon.alerts.rounds import go_round
from tryon.alerts.sending import send_due
from tryon.archive.months import make_months
from tryon.batches.feeding import feed
from tryon.batches.plans import plans_continue
from tryon.batches.selectors import is_job_of_batch_over
from tryon.cleanup import EARLY, TASKS
from tryon.cleanup.watch import must_clean_early
from tryon.engine import queue, recovery, steps
from tryon.engine.advance import advance, dispatch_all, seconds_early
from tryon.metrics import rollup
from tryon.metrics.readings import note_sweep
from tryon.money.balances import ask_balances
from tryon.money.rollup import roll_up
from tryon.review.measuring import measure_some
from tryon.services.doctor import report_write
from tryon.services.live import tell_listeners
from tryon.webhooks.lanes import LANES
from tryon.webhooks.sending import call_worker_if_due

# The same worker runs the sweep every half minute.
CLEANUP_SECONDS: Final = 15.0
MEASURE_SECONDS: Final = 10.0


def advance_job(job_id: str) -> None:
    """Move one job on."""
    # A SimpleWorker lives for thousands of tasks, and nothing else replaces a dead database connection.
    close_old_connections()
    with structlog.contextvars.bound_contextvars(job_id=job_id):
        advance(UUID(job_id))
    _feed_after(job_id)


def advance_job_by_timer(job_id: str) -> None:
    """Advance one job whose time has come, or wait on where the timer fired early."""
    close_old_connections()
    with structlog.contextvars.bound_contextvars(job_id=job_id):
        early = seconds_early(UUID(job_id))
        if early > 0:
            queue.enqueue_timer(UUID(job_id), delay_seconds=early)
        else:
            advance(UUID(job_id))
            _feed_after(job_id)


def _feed_after(job_id: str) -> None:
    """Have the next jobs of a batch asked for if one of its jobs has ended."""
    if is_job_of_batch_over(UUID(job_id)):
        queue.enqueue_batches()


def dispatch() -> None:
    """Start the queued jobs that get a slot."""
    close_old_connections()
    queue.begins("dispatch")
    dispatch_all()
    tell_listeners(only_queued=True)


def probe() -> None:
    """Find out if FASHN is back."""
    close_old_connections()
    recovery.probe()


def rescue_prediction(prediction_id: str) -> None:
    """Ask for a late picture."""
    close_old_connections()
    steps.rescue_prediction(UUID(prediction_id))


def sweep() -> None:
    """Find the work that no task holds. Cron calls this every 30 seconds."""
    close_old_connections()
    try:
        recovery.sweep()
        tell_listeners()
        note_sweep()
        check_in()
    finally:
        call_worker_if_due()
        batches()
        make_months()


def cleanup(name: str) -> None:
    """Run a cleanup task for a while, then enqueue the rest, so that the sweep gets its turn."""
    close_old_connections()
    done = run(name, TASKS[name].work(), max_seconds=CLEANUP_SECONDS)
    if done is not None and done.cursor and not done.problem:
        queue.enqueue_cleanup(name)


def preview_cleanup(name: str) -> None:
    """Count for a while what a cleanup task would remove."""
    close_old_connections()
    if preview_continue(name, TASKS[name].work(dry_run=True), max_seconds=CLEANUP_SECONDS):
        queue.enqueue_preview(name)


def batches() -> None:
    """Feed the batches that have started, and count plans for a while."""
    close_old_connections()
    queue.begins("batches")
    try:
        feed()
    finally:
        if plans_continue(max_seconds=CLEANUP_SECONDS):
            queue.enqueue_batches()


def deliver_webhooks() -> None:
    """Deliver what is due to shops' servers. A worker of the steps hands it to threads."""
    close_old_connections()
    queue.begins("deliver_webhooks")
    LANES.deliver_due()


def doctor() -> None:
    """Try the real things, and keep the findings for the admin."""
    close_old_connections()
    queue.begins("doctor")
    report_write()


def roll_up_money() -> None:
    """Roll up the days of the ledger that have changed."""
    close_old_connections()
    roll_up()


def roll_up_metrics() -> None:
    """Add up what has happened, for the metrics."""
    close_old_connections()
    rollup.roll_up(max_seconds=CLEANUP_SECONDS)


def ask_for_balances() -> None:
    """Ask FASHN for the balance of each account, which is free."""
    close_old_connections()
    ask_balances()


def alerts() -> None:
    """Look for trouble, and send what is to be told of it. Cron calls this every 30 seconds."""
    close_old_connections()
    queue.begins("alerts")
    try:
        go_round()
    finally:
        send_due()


def measure_results() -> None:
    """Measure results that are new, for the order in which people review them."""
    close_old_connections()
    measure_some(seconds=MEASURE_SECONDS)


def watch_storage() -> None:
    """Warn when storage fills up, and clean early when it is nearly full."""
    close_old_connections()
    if must_clean_early():
        for name, task in EARLY.items():
            run(name, task.work(), max_seconds=CLEANUP_SECONDS)
