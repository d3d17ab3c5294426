"""Numbers of things that happened: as a count of the program, and as rows."""

from collections import Counter
from datetime import UTC, datetime
from itertools import batched
from typing import Final, NamedTuple

from django.db import connection
from django.db.models import Sum

from tryon.metrics.models import ALL_TIME, EPOCH, Tally, Topic

ROWS_AT_ONCE: Final = 500
# Django's ORM can replace the number of a row that is there, but not add to it.
_ADD: Final = """
    INSERT INTO {table} (span, at, topic, account, first, second, third, number) VALUES {rows}
    ON CONFLICT (span, at, topic, account, first, second, third)
    DO UPDATE SET number = {table}.number + excluded.number
"""


class Thing(NamedTuple):
    """One thing that is counted, by the columns of a tally."""

    topic: Topic
    account: str = ""
    first: str = ""
    second: str = ""
    third: str = ""


type Counts = Counter[Thing]


def beginning(at: datetime, span: int) -> datetime:
    """Return the beginning of the span of ``span`` seconds that a time is in."""
    return datetime.fromtimestamp(at.timestamp() // span * span, UTC) if span else EPOCH


def add(span: int, at: datetime, counts: Counts) -> None:
    """Add counts to the rows of the span that ``at`` is in."""
    begins = connection.ops.adapt_datetimefield_value(beginning(at, span))
    rows = [(span, begins, *thing, number) for thing, number in sorted(counts.items()) if number]
    for some in batched(rows, ROWS_AT_ONCE, strict=False):
        places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(some))
        with connection.cursor() as cursor:
            statement = _ADD.format(table=Tally._meta.db_table, rows=places)
            cursor.execute(statement, [value for row in some for value in row])


def of_all_time() -> Counts:
    """Return the numbers of all time, and ``THROUGH`` with them, by one statement."""
    return total(ALL_TIME, EPOCH)


def total(span: int, since: datetime) -> Counts:
    """Return the sums of the rows of a length from a time on."""
    rows = Tally.objects.filter(span=span, at__gte=since).order_by()
    sums = rows.values_list(*Thing._fields).annotate(Sum("number"))
    return Counter({Thing(Topic(topic), *labels): number for topic, *labels, number in sums})


def remove_before(span: int, at: datetime) -> None:
    """Remove the rows of a length that begin before a time."""
    Tally.objects.filter(span=span, at__lt=at).delete()
