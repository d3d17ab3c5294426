"""The readings of now, from rows and from Redis. Times are the database's, durations are in seconds.

Everything but the processes is of the live accounts: what test keys do wakes nobody.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from django.db.models import Count, Min
from redis import RedisError

from config.core import clock, host_clock
from config.core.upkeep import quota
from config.shops.callers import SHOP
from config.shops.names import shop_names
from tryon.accounts import accounts, terms_of
from tryon.engine import governor, queue
from tryon.metrics.models import Heartbeat
from tryon.models import Account, Lane, Pause, Status, TryOnJob
from tryon.money.models import Balance
from tryon.selectors.jobs import dead_letters, remembered_count

SWEEP: Final = "sweep"
# In the place of a shop's name: for jobs of people in the admin (statistics have it too), and for shops
# beyond the largest.
STAFF: Final = "admin"
OTHERS: Final = "others"
MOST_SHOPS: Final = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """Some queued jobs: their number, and the time that the oldest has waited."""

    jobs: int = 0
    oldest_seconds: float = 0

    def and_also(self, other: Self) -> Self:
        """Return both together."""
        return replace(
            self, jobs=self.jobs + other.jobs, oldest_seconds=max(self.oldest_seconds, other.oldest_seconds)
        )


@dataclass(frozen=True, slots=True)
class LaneReading:
    """The queued jobs of a lane, by shop."""

    lane: str
    by_shop: Mapping[str, Waiting]

    @property
    def jobs(self) -> int:
        return sum(one.jobs for one in self.by_shop.values())

    @property
    def oldest_seconds(self) -> float:
        return max((one.oldest_seconds for one in self.by_shop.values()), default=0)


@dataclass(frozen=True, slots=True)
class AccountReading:
    """The state of an account at FASHN. ``balance`` is FASHN's last answer, None before the first.

    It is None too while FASHN refuses the key.

    ``daily_limit`` is 0 without a limit. Credits spent are of today, UTC.
    """

    account: str
    pause: str
    slots: int
    slots_taken: int
    is_circuit_open: bool
    credits_today: int
    daily_limit: int
    balance: int | None
    balance_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """Workers and clocks by Redis, None while it is away, and the end of the last sweep by a row."""

    swept_at: datetime | None
    workers: list[queue.SeenWorker] | None = None
    clocks: list[queue.SeenClock] | None = None
    ages: Mapping[str, float] = field(default_factory=dict)

    def workers_of(self, name: str) -> int:
        """Return the number of workers of a queue, 0 while Redis is away."""
        return sum(name in worker.queues for worker in self.workers or ())


@dataclass(frozen=True, slots=True)
class StorageReading:
    """The stored bytes by kind, and STORAGE_LIMIT_GB in bytes, None without a limit."""

    by_kind: Mapping[str, int]
    limit: int | None

    @property
    def percent(self) -> float | None:
        """Return the used share of the limit in percent, None without a limit."""
        return 100 * max(0, sum(self.by_kind.values())) / self.limit if self.limit else None


def live_accounts() -> list[str]:
    """Return the accounts whose jobs cost money."""
    return [account for account in accounts() if account != Account.TEST]


def lanes(accounts: Collection[str] | None = None) -> list[LaneReading]:
    """Return what waits in each lane, on the live accounts or on those that are named.

    A job waits since its last change of state, so a retry does not count from the job's first day.
    """
    now = clock.now()
    chosen = live_accounts() if accounts is None else accounts
    queued = TryOnJob.objects.filter(account__in=chosen, status=Status.QUEUED).order_by()
    found: dict[str, dict[str, Waiting]] = {lane: {} for lane in Lane.values}
    rows = list(queued.values_list("lane", "requester").annotate(Count("pk"), Min("updated_at")))
    names = names_of(requester for _lane, requester, _number, _at in rows)
    for lane, requester, number, at in rows:
        shops, name = found[lane], names[requester]
        one = Waiting(number, max(0, (now - at).total_seconds()))
        shops[name] = shops.get(name, Waiting()).and_also(one)
    return [LaneReading(lane, largest(shops)) for lane, shops in found.items()]


def account_readings() -> list[AccountReading]:
    """Return the state of each live account."""
    now, balances = clock.now(), {row.account: row for row in Balance.objects.all()}
    found = []
    for account in live_accounts():
        state, told = governor.current(account), balances.get(account)
        found.append(
            AccountReading(
                account=account,
                pause=state.pause,
                slots=governor.slots(state, now),
                slots_taken=governor.slots_taken(account),
                is_circuit_open=state.open_until is not None and state.open_until > now,
                credits_today=governor.credits_spent_today(account, now),
                daily_limit=terms_of(account).daily_limit,
                balance=told.credits if told and state.pause != Pause.UNAUTHORIZED else None,
                balance_at=told.at if told else None,
            )
        )
    return found


def processes() -> ProcessReading:
    """Return the signs of life of workers, clocks and the sweep."""
    now = clock.now()
    swept_at = Heartbeat.objects.filter(process=SWEEP).values_list("at", flat=True).first()
    ages = {SWEEP: age(swept_at, now)} if swept_at else {}
    if queue.is_away():
        return ProcessReading(swept_at, ages=ages)
    try:
        workers, clocks = queue.workers(), queue.clocks()
    except RedisError:
        return ProcessReading(swept_at, ages=ages)
    for process, heard in (
        ("worker", [worker.heard_at for worker in workers if queue.STEPS in worker.queues]),
        ("cron", [one.heard_at for one in clocks]),
    ):
        if times := [at for at in heard if at is not None]:
            ages[process] = age(max(times), now)
    return ProcessReading(swept_at, workers, clocks, ages)


def storage() -> StorageReading:
    """Return the use of storage."""
    return StorageReading(quota.bytes_by_kind(), quota.bytes_allowed())


def dead_letter_count() -> int:
    """Return the number of failed jobs that another try may cure. A large one may be a minute old."""
    rows = dead_letters().filter(account__in=live_accounts())
    return remembered_count("dead-letters:all-live", rows)


def clock_offsets() -> dict[str, float]:
    """Return how far each machine's clock is ahead of the database's. Raise DatabaseError.

    While Redis is away only this machine's is known.
    """
    own = {host_clock.host_name(): clock.host_seconds_ahead()}
    if queue.is_away():
        return own
    try:
        return host_clock.known() | own
    except RedisError:
        return own


def note_sweep() -> None:
    """Note that a sweep has come to its end."""
    Heartbeat.objects.update_or_create(process=SWEEP, defaults={"at": clock.now()})


def age(at: datetime, now: datetime) -> float:
    """Return the seconds since a time of another machine's clock, 0 for one that is ahead."""
    return max(0.0, (now - at).total_seconds())


def names_of(requesters: Iterable[str]) -> dict[str, str]:
    """Return the names of requesters: one for all people, and for each shop its own.

    Shops of one name, or of none that is known, get a part of their id.
    """
    known = shop_names()
    shared = Counter([*known.values(), STAFF, OTHERS])  # a shop may have one of our own names
    found = {}
    for requester in requesters:
        name, part = known.get(requester, ""), requester.removeprefix(SHOP)[:8]
        if not requester.startswith(SHOP):
            found[requester] = STAFF
        else:
            found[requester] = name if name and shared[name] == 1 else f"{name} {part}".strip()
    return found


def largest(shops: Mapping[str, Waiting]) -> dict[str, Waiting]:
    """Return the shops with the most jobs, and all others as one: each is a series of Prometheus."""
    ranked = sorted(shops.items(), key=lambda entry: -entry[1].jobs)
    found = dict(ranked[:MOST_SHOPS])
    for _name, one in ranked[MOST_SHOPS:]:
        found[OTHERS] = found.get(OTHERS, Waiting()).and_also(one)
    return found
