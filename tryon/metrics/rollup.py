"""The rollup of what happened. It adds up each five minutes once, when nothing can be added to them.

Readers take what is later from the events themselves, so that a number is right at once; durations, which
cost the most to read, come with the rollup. The rows of all time say how far the rollup has come, and one
statement reads both: a counter of Prometheus never falls.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Min

from config.core import clock
from config.core.upkeep.counts import counted
from tryon.accounts import counted_as
from tryon.engine.savings import CREDITS_SAVED
from tryon.metrics.counting import COUNTED, counts_between
from tryon.metrics.models import ALL_TIME, EPOCH, HOUR, QUARTER, SLICE, SPANS, Tally, Topic
from tryon.metrics.tallies import Counts, Thing, add, beginning, of_all_time, remove_before
from tryon.models import Account, JobEvent
from tryon.selectors.predictions import RESCUED_CREDITS
from tryon.services.reuse import Reuse

# An event has the time before its commit, and transactions with events are short.
MARGIN: Final = timedelta(minutes=2)
ARE_KEPT: Final = {SLICE: timedelta(hours=3), HOUR: timedelta(hours=26), QUARTER: timedelta(days=8)}
# What a reader takes from the events. Where the rollup is further behind, the newest wait for it.
LONGEST_TAIL: Final = timedelta(minutes=20)
FIVE_MINUTES: Final = timedelta(seconds=SLICE)
# The daily counts that are added up too, by the topic and the first column of their tallies.
DAILY: Final = {
    **{(Topic.CACHE, outcome.name.lower()): outcome.value for outcome in Reuse},
    (Topic.CREDITS, "saved"): CREDITS_SAVED,
    (Topic.CREDITS, "rescued"): RESCUED_CREDITS,
}


def roll_up(*, max_seconds: float) -> None:
    """Add up what is complete, for a while. What is left comes next time."""
    deadline = time.monotonic() + max_seconds
    while _roll_slice() and time.monotonic() < deadline:
        pass
    now = clock.now()
    _add_daily_counts(now)
    for span, kept in ARE_KEPT.items():
        remove_before(span, now - kept)


def all_time() -> Counts:
    """Return the numbers of all time, up to now."""
    found = of_all_time()
    through = found.pop(Thing(Topic.THROUGH), None)
    # The larger one: a daily count that is lost does not let a counter fall.
    return found + tail(through) | daily_counts()


def rolled_through() -> datetime | None:
    """Return the time up to which events are added up, None before the first time."""
    row = Tally.objects.filter(span=ALL_TIME, at=EPOCH, topic=Topic.THROUGH).first()
    return None if row is None else _time(row.number)


def tail(through: int | None) -> Counts:
    """Return what happened after a time in seconds since 1970, None for a rollup that has not begun."""
    if through is None:
        return Counter()
    since, now = _time(through), clock.now()
    return counts_between(since, min(now, since + LONGEST_TAIL), durations=False)


def tail_slices() -> Iterator[tuple[datetime, Counts]]:
    """Yield each five minutes that are not added up, with what happened in them."""
    since = rolled_through()
    if since is None:
        return
    now = clock.now()
    until = min(now, since + LONGEST_TAIL)
    while since < until:
        yield since, counts_between(since, min(until, since + FIVE_MINUTES), durations=False)
        since += FIVE_MINUTES


def daily_counts() -> Counts:
    """Return the sums of the daily counts, of all time."""
    names = {
        Thing(topic, account, first): counted_as(account, name)
        for account in (Account.LIVE, Account.TEST)
        for (topic, first), name in DAILY.items()
    }
    numbers = counted(*names.values())
    return Counter({thing: numbers[name] for thing, name in names.items()})


def _roll_slice() -> bool:
    """Add up the next five minutes. Return False when there is nothing more to add up now."""
    with transaction.atomic():
        row = _locked_through()
        since = _time(row.number)
        last = beginning(clock.now() - MARGIN, SLICE)
        if since + FIVE_MINUTES > last:
            return False
        until = since + FIVE_MINUTES
        counts = counts_between(since, until, durations=True)
        if not counts:
            until = max(until, min(last, _next_event(since)))
        for span in (ALL_TIME, *SPANS):
            add(span, since, counts)
        row.number = int(until.timestamp())
        row.save(update_fields=["number"])
    return True


def _locked_through() -> Tally:
    """Return the row that says how far the rollup has come, locked. The first time begins a week ago."""
    first = beginning(clock.now() - ARE_KEPT[QUARTER], QUARTER)
    identity = dict(zip(Tally.IDENTITY, (ALL_TIME, EPOCH, *Thing(Topic.THROUGH)), strict=True))
    row, is_new = Tally.objects.select_for_update().get_or_create(
        **identity, defaults={"number": int(first.timestamp())}
    )
    if is_new:  # nobody knows when what was counted before has happened
        add(ALL_TIME, first, daily_counts())
    return row


def _next_event(since: datetime) -> datetime:
    """Return the beginning of the five minutes with the next event that counts."""
    kinds = (JobEvent.objects.filter(kind=kind, at__gte=since).order_by() for kind in COUNTED)
    firsts = [first for rows in kinds if (first := rows.aggregate(first=Min("at"))["first"])]
    return beginning(min(firsts), SLICE) if firsts else datetime.max.replace(tzinfo=UTC)


def _add_daily_counts(now: datetime) -> None:
    """Add what the daily counts have grown by to the current five minutes. They know no time of the day."""
    with transaction.atomic():
        _locked_through()
        grown = daily_counts() - of_all_time()
        for span in (ALL_TIME, *SPANS):
            add(span, now, grown)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
