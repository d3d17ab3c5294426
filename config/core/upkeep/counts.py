"""Counting by the day: one short UPDATE each, so that numbers survive any restart of Redis."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from config.core import clock
from config.core.upkeep.models import DailyCount


def count(name: str, number: int = 1) -> None:
    """Add to today's count (UTC). Call it outside a transaction: the row is everybody's."""
    today = clock.now().date()
    row = DailyCount.objects.filter(name=name, day=today)
    if row.update(number=F("number") + number):
        return
    try:
        with transaction.atomic():
            DailyCount.objects.create(name=name, day=today, number=number)
    except IntegrityError:  # somebody else counted the day's first
        row.update(number=F("number") + number)


def counted(*names: str, days: int | None = None) -> dict[str, int]:
    """The sums of counts, ever or in the last days, today included."""
    rows = DailyCount.objects.filter(name__in=names)
    if days is not None:
        rows = rows.filter(day__gt=clock.now().date() - timedelta(days=days))
    sums = dict(rows.values_list("name").annotate(sum=Sum("number")))
    return {name: sums.get(name, 0) for name in names}
