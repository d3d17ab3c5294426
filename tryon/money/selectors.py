"""Questions about the money: what was spent, on what, what an approved picture costs, how long it lasts."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet, Sum

from config.core import clock
from tryon.accounts import accounts_of, calls_of
from tryon.engine import governor
from tryon.models import Account, Pause, Prediction, account_label
from tryon.money.ledger import (
    COLUMNS,
    COMMON,
    DAY,
    SUMS,
    Line,
    calls_of_days,
    complaints_of,
    described,
    lines,
)
from tryon.money.models import Balance, Complaint, Outcome, Spending
from tryon.money.rollup import live_days

BURN_DAYS: Final = 7
REVIEWED: Final = (Outcome.APPROVED, Outcome.ALMOST, Outcome.REJECTED)


@dataclass(frozen=True)
class Scope:
    """The paid calls in question: their days (UTC, the last one too), and values of their columns."""

    first: date
    last: date
    account: str = Account.LIVE
    only: Mapping[str, Any] = field(default_factory=dict)

    @property
    def match(self) -> dict[str, Any]:
        """Return the condition for rows with the columns."""
        return {"account": self.account, **self.only}

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * number for number in range((self.last - self.first).days + 1)]

    @cached_property
    def live_days(self) -> set[date]:
        """Return the days that the rollup does not have as they are now."""
        return live_days(self.first, self.last)

    @cached_property
    def live_lines(self) -> list[Line]:
        """Return the sums of the calls of these days, from the ledger."""
        found = lines(calls_of_days(self.live_days)) if self.live_days else ()
        match = self.match.items()
        return [line for line in found if all(line.columns[name] == value for name, value in match)]


class Total:
    """Sums of calls, and the pictures by outcome. Credits are FASHN's."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.pictures: Counter[str] = Counter()
        self.by_outcome: Counter[str] = Counter()  # credits

    def add(self, line: Line) -> None:
        self.sums.update(line.sums)
        self.pictures[line.columns["outcome"]] += line.sums["pictures"]
        self.by_outcome[line.columns["outcome"]] += line.sums["credits"]

    @property
    def calls(self) -> int:
        return self.sums["calls"]

    @property
    def credits(self) -> int:
        return self.sums["credits"]

    @property
    def approved(self) -> int:
        return self.pictures[Outcome.APPROVED]

    @property
    def reviewed(self) -> int:
        """Return the number of pictures that a person judged."""
        return sum(self.pictures[outcome] for outcome in REVIEWED)

    @property
    def completed(self) -> int:
        """Return the number of pictures."""
        return self.sums["pictures"]

    @property
    def approval_percent(self) -> int | None:
        """Return the approved share of the judged pictures, in percent. None before the first."""
        return round(100 * self.approved / self.reviewed) if self.reviewed else None

    @property
    def cost_per_approved(self) -> Decimal | None:
        """Return the credits for each approved picture, all that was paid included. None without one."""
        return (Decimal(self.credits) / self.approved).quantize(Decimal("0.01")) if self.approved else None


def calls_in(scope: Scope) -> QuerySet[Prediction]:
    """Return the paid and unknown calls that are there, with the columns of Spending."""
    return described(calls_of_days(scope.days)).filter(calls_of(scope.account), **scope.only)


def spending(scope: Scope, columns: Collection[str] = COLUMNS[1:]) -> list[Line]:
    """Return the sums of the calls by these columns, with one line or a few for each.

    The outcome must be among them. The fewer, the faster: a year has lines by the ten thousand. Those of
    today have the other columns too.
    """
    return [*_rolled(scope, columns), *scope.live_lines]


def archived(scope: Scope) -> Total:
    """Return the sums of the calls whose jobs were cleaned up."""
    rows = Spending.objects.filter(is_archived=True, day__range=(scope.first, scope.last), **scope.match)
    found = Total()
    found.sums.update({name: number or 0 for name, number in rows.aggregate(**_sums()).items()})
    return found


def spending_by_day(scope: Scope) -> dict[date, Total]:
    """Return the sums of each day of the period, the oldest first."""
    found = {day: Total() for day in scope.days}
    for line in spending(scope, ("day", "outcome")):
        found[line.columns["day"]].add(line)
    return found


def total(lines: Iterable[Line]) -> Total:
    """Return the sum of lines."""
    found = Total()
    for line in lines:
        found.add(line)
    return found


def totals_by[Key](lines: Iterable[Line], key: Callable[[Mapping[str, Any]], Key]) -> dict[Key, Total]:
    """Return the sums of lines by what ``key`` makes of their columns, the most credits first."""
    found: dict[Key, Total] = {}
    for line in lines:
        found.setdefault(key(line.columns), Total()).add(line)
    return dict(sorted(found.items(), key=lambda entry: -entry[1].credits))


def complaints(scope: Scope) -> list[tuple[Mapping[str, Any], str, int]]:
    """Return the columns, the reason and the number of the reasons given against pictures."""
    # The other columns are of calls, and a reason is of a picture.
    match = {name: value for name, value in scope.match.items() if name in COMMON}
    rows = Complaint.objects.filter(day__range=(scope.first, scope.last), **match)
    rows = rows.exclude(day__in=scope.live_days, is_archived=False).order_by()
    columns = COMMON[1:]
    live = complaints_of(calls_of_days(scope.live_days)) if scope.live_days else []
    return [
        *(
            (row, row["reason"], row["all"])
            for row in rows.values(*columns, "reason").annotate(all=Sum("number"))
        ),
        *(
            ({name: getattr(row, name) for name in columns}, row.reason, row.number)
            for row in live
            if all(getattr(row, name) == value for name, value in match.items())
        ),
    ]


def cost_per_approved(days: int = 30) -> Decimal | None:
    """Return the credits that an approved picture of the last days cost, today included.

    None if no picture of these days is approved.
    """
    return total(spending(last_days(days), ["outcome"])).cost_per_approved


def burn_rate(account: str = Account.LIVE) -> Decimal:
    """Return the credits a day, on average over the last seven whole days (UTC)."""
    yesterday = clock.now().date() - DAY
    week = Scope(yesterday - DAY * (BURN_DAYS - 1), yesterday, account)
    return (Decimal(total(spending(week, ["outcome"])).credits) / BURN_DAYS).quantize(Decimal("0.1"))


class Known(NamedTuple):
    """The balance of a queue's accounts at FASHN, in credits, and the time when FASHN told it.

    ``unknown`` has the names of the accounts that are not in the sum.
    """

    credits: int
    at: datetime
    unknown: tuple[str, ...] = ()


def balance(queue: str = Account.LIVE) -> Known | None:
    """Return the balance that FASHN told last, of all accounts together. It asks the database only.

    What FASHN told for a key that it refuses now does not count. None while no balance is known.
    """
    known = {account: _balance_of(account) for account in accounts_of(queue)}
    told = [each for each in known.values() if each is not None]
    if not told:
        return None
    return Known(
        sum(each.credits for each in told),
        min(each.at for each in told),
        tuple(str(account_label(account)) for account, each in known.items() if each is None),
    )


def _balance_of(account: str) -> Balance | None:
    if governor.current(account).pause == Pause.UNAUTHORIZED:
        return None
    return Balance.objects.filter(account=account).first()


def days_left(account: str = Account.LIVE) -> int | None:
    """Return the whole days that the balance lasts at the burn rate.

    An account without a known balance counts as empty. None if no balance is known, or nothing was spent in
    a week.
    """
    known, rate = balance(account), burn_rate(account)
    return int(known.credits / rate) if known is not None and rate else None


def last_days(days: int, account: str = Account.LIVE, **only: Any) -> Scope:
    """Return the last days, today included."""
    today = clock.now().date()
    return Scope(today - timedelta(days=days - 1), today, account, only)


def _rolled(scope: Scope, columns: Iterable[str]) -> Iterator[Line]:
    """Yield the sums of the rows that count: not those of days that are read from the ledger."""
    rows = Spending.objects.filter(day__range=(scope.first, scope.last), **scope.match)
    rows = rows.exclude(day__in=scope.live_days, is_archived=False).order_by()
    names = [*columns]
    for row in rows.values(*names).annotate(**_sums("all_")):
        yield Line({name: row[name] for name in names}, {name: row[f"all_{name}"] for name in SUMS})


def _sums(before: str = "") -> dict[str, Sum]:
    return {f"{before}{name}": Sum(name) for name in SUMS}
