"""Daily counts. Each is one short UPDATE in the database, so the numbers survive a restart of Redis."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from config.core import clock
from config.core.constraints import violates
from config.core.upkeep.models import DailyCount


def count(name: str, number: int = 1, *, day: date | None = None) -> None:
    """Add to today's count (UTC), or to that of a day.

    Call it for today outside a transaction, because all processes share the row.
    """
    day = day or clock.now().date()
    row = DailyCount.objects.filter(name=name, day=day)
    if row.update(number=F("number") + number):
        return
    try:
        with transaction.atomic():
            DailyCount.objects.create(name=name, day=day, number=number)
    except IntegrityError as error:
        if not violates(error, DailyCount, "daily_count_once"):
            raise
        # Another process made the day's row first.
        row.update(number=F("number") + number)


def counted(*names: str, days: int | None = None) -> dict[str, int]:
    """Return the sums of counts, of all time or of the last days, today included."""
    rows = DailyCount.objects.filter(name__in=names)
    if days is not None:
        rows = rows.filter(day__gt=clock.now().date() - timedelta(days=days))
    sums = dict(rows.values_list("name").annotate(sum=Sum("number")))
    return {name: sums.get(name, 0) for name in names}
