"""The services that every process needs: the database, Redis, the store, and the clock of the host."""

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext_noop as _
from redis import RedisError

from config.core import clock, host_clock
from config.core.doctor.findings import Finding, State
from config.core.redis.addresses import connect
from config.core.redis.writing import reason_of, require_writable
from config.core.storage import storage_findings

DATABASE: Final = _("Database")
CLOCK: Final = _("Clock")
REDIS: Final = _("Redis")
STORAGE: Final = _("Storage")


def database() -> Iterator[Finding]:
    """Ask the database, and compare its tables with this release."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        fact = type(error).__name__
        advice = _("The database does not answer. Start it, or correct DATABASE_URL.")
        yield Finding(DATABASE, State.ERROR, fact, advice)
        return
    if missing:
        advice = _("Tables are missing. Run manage.py migrate.")
        yield Finding(DATABASE, State.ERROR, str(missing[0][0]), advice)
        return
    yield Finding(DATABASE, fact=connection.display_name)


def clock_of_host() -> Iterator[Finding]:
    """Compare the host's clock with the database's."""
    ahead = clock.host_seconds_ahead()
    if host_clock.is_off(ahead):
        advice = _("The clock of this machine is wrong. Let it follow a time server (NTP).")
        yield Finding(CLOCK, State.WARNING, f"{ahead:+.1f} s", advice)
    else:
        yield Finding(CLOCK, fact=f"{ahead:+.1f} s")


def redis() -> Iterator[Finding]:
    """Write to Redis."""
    try:
        with connect(settings.REDIS_URL) as client:
            require_writable(client)
    except RedisError as error:
        advice = _("Redis takes nothing. Start it, free its memory or disk, or correct REDIS_URL.")
        yield Finding(REDIS, State.ERROR, reason_of(error), advice)
    else:
        yield Finding(REDIS)


def storage() -> Iterator[Finding]:
    """Write, read, sign and delete a small object."""
    for finding in storage_findings():
        step = f"{finding.step}: {finding.fault}" if finding.fault else str(finding.step)
        state = State.GOOD if finding.is_good else State.ERROR
        yield Finding(STORAGE, state, step, finding.advice)
