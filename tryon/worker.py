"""The worker processes of the two queues."""

import json
import signal
from contextlib import suppress
from typing import Any, Final, override

import structlog
from django.db import DatabaseError
from rq import SimpleWorker, Worker
from rq.timeouts import UnixSignalDeathPenalty
from rq.worker import BaseWorker

from config.core import sentry
from config.core.doctor import fingerprints
from config.core.host_clock import HOST_CLOCK
from config.core.images import CHILDREN
from tryon.alerts.rounds import are_rounds_late
from tryon.engine import queue, recovery, shield
from tryon.engine.leases import LEASE
from tryon.services.machines import (
    require_keys_in_place,
    require_shared_settings,
    tell_of_lost_keys,
)
from tryon.webhooks.lanes import LANES

logger = structlog.stdlib.get_logger(__name__)

# One worker owns RQ's timers, by a lock that outlives a killed worker by 61 s. The other workers try to take
# the lock only at their maintenance: by default every 10 minutes, and not before an idle worker's wait for a
# task ends, which takes nearly 7 minutes. Until then no timer fires. The value is in seconds.
MAINTENANCE_SECONDS: Final = 15
IDLE_SECONDS: Final = 10
# A worker's record ends a minute later than this after the worker's last sign of life. RQ's own 7 minutes
# would show workers of a machine that is gone.
RECORD_SECONDS: Final = 60
LOOK_AGAIN_SECONDS: Final = 1


class PatientDeathPenalty(UnixSignalDeathPenalty):
    """RQ's time limit for a task, which waits while a paid call's id is on its way into the database."""

    @override
    def handle_death_penalty(self, signum: int, frame: Any) -> None:
        if shield.is_raised():
            signal.alarm(LOOK_AGAIN_SECONDS)
        else:
            super().handle_death_penalty(signum, frame)  # type: ignore[no-untyped-call]


class _SharingWorker(BaseWorker):
    """A worker that other machines know by its record in Redis, and can compare with themselves."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        queue.wait_until_there()
        super().__init__(
            *args, **{"maintenance_interval": MAINTENANCE_SECONDS, **kwargs, "worker_ttl": RECORD_SECONDS}
        )

    @override
    def work(self, *args: Any, **kwargs: Any) -> bool:
        require_shared_settings()
        with suppress(DatabaseError):  # it is away or not migrated yet; the sweep tells of it
            require_keys_in_place()
        return super().work(*args, **kwargs)

    @override
    def serialize(self) -> dict[str, Any]:
        told: dict[str, Any] = super().serialize()
        return {**told, queue.SHARED_FIELD: json.dumps(fingerprints())}

    @override
    def run_maintenance_tasks(self) -> None:
        """Register again in a Redis that was emptied, or that took over without all of the records.

        The machine's clock is compared here too.
        """
        if not self.connection.hexists(self.key, "birth"):
            self.connection.delete(self.key)  # a sign of life without a record
            self.register_birth()  # type: ignore[no-untyped-call]
        HOST_CLOCK.compare()
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]


class StepWorker(_SharingWorker, SimpleWorker):
    """Run steps in one process: a fork for each step would cost five times the CPU of the step.

    At its start the worker sweeps up what a killed one left, and again when the killed one's leases are over.
    """

    death_penalty_class = PatientDeathPenalty

    @property
    @override
    def dequeue_timeout(self) -> int:
        """Return the seconds that an idle worker waits for a task before it looks after its timers."""
        return IDLE_SECONDS

    @override
    def run_maintenance_tasks(self) -> None:
        """Have trouble looked for here, where the clock or the worker of the maintenance may be dead."""
        super().run_maintenance_tasks()
        with suppress(DatabaseError):  # the next time is soon
            if are_rounds_late():
                queue.enqueue_alerts(by_steps=True)

    @override
    def work(self, *args: Any, **kwargs: Any) -> bool:
        HOST_CLOCK.compare()
        CHILDREN.start()
        with suppress(DatabaseError):  # the sweep tells of it
            tell_of_lost_keys()
        try:
            recovery.sweep()
        except ExceptionGroup as group:
            # The database is away or not migrated yet. The worker still waits for its tasks.
            errors = sorted({type(error).__name__ for error in group.exceptions})
            logger.warning("no_sweep_at_start", errors=errors)
        queue.enqueue_sweep(delay_seconds=LEASE.total_seconds() + 1)
        with LANES.opened():
            return super().work(*args, **kwargs)


class MaintenanceWorker(_SharingWorker, Worker):
    """Run each cleanup and each sweep in a fork: a crash ends one task and no other."""

    @override
    def perform_job(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return super().perform_job(*args, **kwargs)
        finally:
            sentry.flush()  # the fork ends without its threads
