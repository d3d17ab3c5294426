"""Daily counts. They are rows of the database, so the numbers survive a restart of Redis."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.db import connection
from django.db.models import Sum

from config.core import clock
from config.core.upkeep.models import DailyCount

# Django's ORM can replace the number of a row that is there, but not add to it.
_ADD: Final = """
    INSERT INTO {table} (name, day, number) VALUES {rows}
    ON CONFLICT (name, day) DO UPDATE SET number = {table}.number + excluded.number
"""


def count(numbers: Mapping[str, int], *, day: date | None = None) -> None:
    """Add to today's counts (UTC), or to those of a day, in one statement. A zero adds nothing.

    Call it for today outside a transaction, because all processes share the rows.
    """
    at = (day or clock.now().date()).isoformat()
    # In one order: two processes that lock the rows crosswise would wait for each other.
    rows = [(name, at, number) for name, number in sorted(numbers.items()) if number]
    if not rows:
        return
    places = ", ".join(["(%s, %s, %s)"] * len(rows))
    with connection.cursor() as cursor:
        statement = _ADD.format(table=DailyCount._meta.db_table, rows=places)
        cursor.execute(statement, [value for row in rows for value in row])


def counted(*names: str, days: int | None = None) -> dict[str, int]:
    """Return the sums of counts, of all time or of the last days, today included."""
    rows = DailyCount.objects.filter(name__in=names)
    if days is not None:
        rows = rows.filter(day__gt=clock.now().date() - timedelta(days=days))
    sums = dict(rows.values_list("name").annotate(sum=Sum("number")))
    return {name: sums.get(name, 0) for name in names}
