"""The events of a month have a table of their own on PostgreSQL, so that they are dropped and not deleted.

``tryon_jobevent`` has these tables as its partitions. Its first one has the events from before they were
divided, and its default one those of months that nobody has made, and those that outlive their month. Every
change here waits half a second for its locks. Then it gives up, and the next sweep tries again.
"""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from django.db import OperationalError, connection, transaction

from config.core import clock
from tryon.models import ACTIVE, EventKind, JobEvent, TryOnJob

logger = structlog.stdlib.get_logger(__name__)

TABLE: Final = JobEvent._meta.db_table
DEFAULT: Final = f"{TABLE}_default"
JOBS: Final = TryOnJob._meta.db_table
# The sweep makes months that far ahead: it may be off for a season.
AHEAD: Final = 3
BATCH: Final = 1000
PATIENCE: Final = "500ms"
BOUNDS: Final = re.compile(r"FROM \((?:MINVALUE|'([^']+)')\) TO \('([^']+)'\)")

# Events that outlive their month: of jobs that go on, and those that the money counts.
STAYING: Final = f"""(kind = '{EventKind.RESCUED.value}' OR job_id IN (
    SELECT id FROM {JOBS} WHERE status IN ({", ".join(f"'{status.value}'" for status in ACTIVE)})))"""  # noqa: S608


class Month(NamedTuple):
    """A table of events, and its time. The first one has no begin."""

    name: str
    begin: datetime | None
    end: datetime

    def has(self, at: datetime) -> bool:
        return (self.begin is None or self.begin <= at) and at < self.end


class Dropped(NamedTuple):
    """The names of dropped tables, and the number of events that went."""

    names: tuple[str, ...]
    events: int


def are_used() -> bool:
    """Return whether the database divides events by month."""
    return connection.vendor == "postgresql"


def make_months() -> list[str]:
    """Make the tables of this month and of the next ones, and return the names of the new ones."""
    if not are_used():
        return []
    return [name for name, *_ in itertools.takewhile(lambda month: _make(*month), _missing())]


def months_over(before: datetime) -> list[Month]:
    """Return the tables all of whose events are older than a time, the oldest first."""
    return [month for month in _months() if month.end <= before]


def drop_months(before: datetime) -> Dropped:
    """Drop the tables all of whose events are older than a time. What stays goes to the default table."""
    names, events = [], 0
    for month in months_over(before):
        number = events_in(month)
        if _detach(month.name):
            names.append(month.name)
            events += number
    for name in _detached():
        with _short_locks():
            _execute(f"DROP TABLE IF EXISTS {name}")
    return Dropped(tuple(names), events)


def events_in(month: Month) -> int:
    """Return the number of events that go with a table."""
    return int(_rows(f"SELECT count(*) FROM {month.name} WHERE NOT {STAYING}")[0][0])  # noqa: S608


def delete_strays(before: datetime, *, dry_run: bool) -> int:
    """Delete a batch of old events of the default table that need not stay. Return their number."""
    found = f"SELECT id FROM {DEFAULT} WHERE at < %s AND NOT {STAYING} LIMIT {BATCH}"  # noqa: S608
    if dry_run:
        return len(_rows(found, before))
    return len(_rows(f"DELETE FROM {DEFAULT} WHERE id IN ({found}) RETURNING id", before))  # noqa: S608


def _months() -> list[Month]:
    """Return the attached tables but for the default one, by their time."""
    rows = _rows(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i"
        " JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        TABLE,
    )
    bounds = ((name, BOUNDS.search(bound)) for name, bound in rows)
    months = [
        Month(name, _begin(found[1]), datetime.fromisoformat(found[2])) for name, found in bounds if found
    ]
    return sorted(months, key=lambda month: month.end)


def _missing() -> Iterator[tuple[str, datetime, datetime]]:
    """Yield the name, the begin and the end of each table that is to be made."""
    there = _months()
    begin = _month_of(clock.now())
    for _ in range(AHEAD + 1):
        end = _month_of(begin + timedelta(days=32))
        if not any(month.has(begin) for month in there):
            yield f"{TABLE}_{begin:%Y_%m}", begin, end
        begin = end


def _begin(bound: str | None) -> datetime | None:
    return None if bound is None else datetime.fromisoformat(bound)


def _month_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _make(name: str, begin: datetime, end: datetime) -> bool:
    """Make a month's table, with the events of the default table that belong to it."""
    with _short_locks() as done:
        _lock_jobs()
        if _is_attached(name):
            return False  # another process was first
        _execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING DEFAULTS)")
        _execute(
            f"WITH theirs AS (DELETE FROM {DEFAULT} WHERE at >= %s AND at < %s RETURNING *)"  # noqa: S608
            f" INSERT INTO {name} SELECT * FROM theirs",
            begin,
            end,
        )
        _execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM ('{begin}') TO ('{end}')")
        done.append(name)
    return bool(done)


def _detach(name: str) -> bool:
    """Take a table out of the events, without those that stay."""
    with _short_locks() as done:
        _lock_jobs()
        if not _is_attached(name):
            return False
        _execute(f"ALTER TABLE {TABLE} DETACH PARTITION {name}")
        _execute(f"INSERT INTO {DEFAULT} SELECT * FROM {name} WHERE {STAYING}")  # noqa: S608
        _execute(f"TRUNCATE {name}")  # its drop may have to wait, and a job that it names could not go
        done.append(name)
    return bool(done)


def _detached() -> list[str]:
    """Return the tables that were taken out and not yet dropped."""
    rows = _rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relispartition AND relname ~ %s"
        " AND pg_table_is_visible(oid)",
        f"^{TABLE}_(first|[0-9]{{4}}_[0-9]{{2}})$",
    )
    return [name for (name,) in rows]


def _is_attached(name: str) -> bool:
    return name in {month.name for month in _months()}


def _lock_jobs() -> None:
    """Lock the jobs before the events, as each change of a job does. In another order two could block."""
    _execute(f"LOCK TABLE {JOBS} IN SHARE ROW EXCLUSIVE MODE")


@contextmanager
def _short_locks() -> Iterator[list[str]]:
    """Give up a change whose locks are not to be had soon. Yield a list for what was done."""
    done: list[str] = []
    try:
        with transaction.atomic():
            _execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            yield done
    except OperationalError as error:
        done.clear()
        logger.info("months_wait", reason=type(error.__cause__).__name__)


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _execute(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
