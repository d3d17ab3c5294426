"""The statistics of the last hour, day or week, of an account."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, TypedDict

from config.core import clock
from config.shops.callers import SHOP
from config.shops.names import shop_names
from tryon.metrics.histograms import quantile
from tryon.metrics.models import HOUR, QUARTER, SLICE, Tally, Topic
from tryon.metrics.readings import STAFF
from tryon.metrics.rollup import tail_slices
from tryon.metrics.tallies import Counts, beginning, total
from tryon.models import Account, Status

MOST_SHOPS: Final = 50
OUTCOMES: Final = (Status.COMPLETED, Status.FAILED, Status.CANCELED)


class Window(StrEnum):
    """The time that statistics look back."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"


# The length of the window, and of the spans that it is made of, in seconds.
_LENGTHS: Final = {Window.HOUR: 3600, Window.DAY: 86_400, Window.WEEK: 604_800}
_SPANS: Final = {Window.HOUR: SLICE, Window.DAY: HOUR, Window.WEEK: QUARTER}


class Ended(TypedDict):
    completed: int
    failed: int
    canceled: int


class Duration(TypedDict):
    count: Annotated[int, "Completed jobs."]
    p50Seconds: Annotated[float | None, "Half of the jobs took no longer."]
    p95Seconds: Annotated[float | None, "Of twenty jobs, nineteen took no longer."]


class StageDuration(Duration):
    stage: Annotated[str, "queue, sending, fashn or storing."]
    mode: Annotated[
        str, "The duration at FASHN depends on it: the mode, with the resolution where there is one."
    ]


class Wait(Duration):
    lane: str


class Credits(TypedDict):
    spent: int
    saved: Annotated[int, "By reuse."]
    rescued: Annotated[int, "With late pictures."]
    unknown: Annotated[int, "Of calls that FASHN has not answered."]


class Answered(TypedDict):
    hits: Annotated[int, "Answered by an existing picture."]
    joins: Annotated[int, "Joined an active job."]
    misses: Annotated[int, "Made a job."]


class ShopStatistics(Ended):
    id: Annotated[str | None, "null for people of the admin; their name is admin."]
    name: str
    creditsSpent: int


class Part(Ended):
    since: datetime


class WindowStatistics(TypedDict):
    since: Annotated[
        datetime, "At least one window ago: at the full five minutes, hour, or quarter of a day."
    ]
    until: datetime
    jobs: Ended
    completedPerHour: float
    failureRate: Annotated[float | None, "Of the jobs that completed or failed; null without any."]
    failures: Annotated[dict[str, int], "By code."]
    stages: Annotated[
        list[StageDuration], "Up to eight minutes late: durations are added up every few minutes."
    ]
    waits: Annotated[list[Wait], "As late."]
    credits: Credits
    requests: Answered
    shops: Annotated[list[ShopStatistics], "Those with the most jobs, at most 50."]
    course: Annotated[list[Part], "The window in its parts, the oldest first."]


def window_statistics(account: str, window: Window) -> WindowStatistics:
    """Return what happened in a window, up to now. The test account has its own, all others share one."""
    now, span = clock.now(), _SPANS[window]
    since = beginning(now - timedelta(seconds=_LENGTHS[window]), span)
    tail = [(at, counts) for at, counts in tail_slices() if at >= since]
    of: dict[Topic, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for counts in (total(span, since), *(counts for _, counts in tail)):
        for thing, number in counts.items():
            if _is_of(account, thing.account):
                of[thing.topic][thing.first, thing.second, thing.third] += number
    ended = _ended(of[Topic.ENDED])
    over = ended["completed"] + ended["failed"]
    hours = max(0.1, (now - since).total_seconds() / 3600)
    return {
        "since": since,
        "until": now,
        "jobs": ended,
        "completedPerHour": round(ended["completed"] / hours, 1),
        "failureRate": round(ended["failed"] / over, 4) if over else None,
        "failures": {
            code: number
            for (outcome, code, _), number in of[Topic.ENDED].most_common()
            if outcome == Status.FAILED
        },
        "stages": [*_stages(of[Topic.STAGE])],
        "waits": [*_waits(of[Topic.WAIT])],
        "credits": _credits(of[Topic.CREDITS]),
        "requests": _requests(of[Topic.CACHE]),
        "shops": _shops(of[Topic.SHOP], of[Topic.SHOP_CREDITS]),
        "course": [*_course(_ended_by_part(account, since, span, tail), since, now, span)],
    }


def _is_of(mine: str, account: str) -> bool:
    """Return whether an account's numbers belong to those of ``mine``: live accounts have them together."""
    return (account == Account.TEST) == (mine == Account.TEST)


def _ended_by_part(
    account: str, since: datetime, span: int, tail: Iterable[tuple[datetime, Counts]]
) -> dict[datetime, Counter[str]]:
    """Return the ends of jobs by part of the window and outcome."""
    found: dict[datetime, Counter[str]] = defaultdict(Counter)
    rows = Tally.objects.filter(span=span, at__gte=since, topic=Topic.ENDED).order_by()
    for at, of, outcome, number in rows.values_list("at", "account", "first", "number"):
        if _is_of(account, of):
            found[at][outcome] += number
    for at, counts in tail:
        for thing, number in counts.items():
            if thing.topic == Topic.ENDED and _is_of(account, thing.account):
                found[beginning(at, span)][thing.first] += number
    return found


def _ended(numbers: Counter[tuple[str, str, str]], *, place: int = 0) -> Ended:
    found: Counter[str] = Counter()
    for labels, number in numbers.items():
        found[labels[place]] += number
    return _by_outcome(found)


def _by_outcome(numbers: Counter[str]) -> Ended:
    completed, failed, canceled = (numbers[outcome] for outcome in OUTCOMES)
    return {"completed": completed, "failed": failed, "canceled": canceled}


def _duration(buckets: Counter[str]) -> Duration:
    return {
        "count": buckets.total(),
        "p50Seconds": quantile(buckets, 0.5),
        "p95Seconds": quantile(buckets, 0.95),
    }


def _stages(numbers: Counter[tuple[str, str, str]]) -> Iterator[StageDuration]:
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (stage, mode, bucket), number in numbers.items():
        found[mode, stage][bucket] += number
    for (mode, stage), buckets in sorted(found.items()):
        yield {"stage": stage, "mode": mode, **_duration(buckets)}


def _waits(numbers: Counter[tuple[str, str, str]]) -> Iterator[Wait]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for (lane, bucket, _), number in numbers.items():
        found[lane][bucket] += number
    for lane, buckets in sorted(found.items()):
        yield {"lane": lane, **_duration(buckets)}


def _credits(numbers: Counter[tuple[str, str, str]]) -> Credits:
    spent, saved, rescued, unknown = (
        numbers[kind, "", ""] for kind in ("spent", "saved", "rescued", "unknown")
    )
    return {"spent": spent, "saved": saved, "rescued": rescued, "unknown": unknown}


def _requests(numbers: Counter[tuple[str, str, str]]) -> Answered:
    hits, joins, misses = (numbers[kind, "", ""] for kind in ("hit", "join", "miss"))
    return {"hits": hits, "joins": joins, "misses": misses}


def _shops(
    ended: Counter[tuple[str, str, str]], credits: Counter[tuple[str, str, str]]
) -> list[ShopStatistics]:
    found: dict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for labels, number in ended.items():
        found[labels[0]][labels] += number
    most = sorted(found.items(), key=lambda entry: -entry[1].total())[:MOST_SHOPS]
    names = shop_names()
    return [
        {
            "id": pk or None,
            "name": names.get(f"{SHOP}{pk}", "") if pk else STAFF,
            **_ended(numbers, place=1),
            "creditsSpent": credits[pk, "", ""],
        }
        for pk, numbers in most
    ]


def _course(ended: dict[datetime, Counter[str]], since: datetime, now: datetime, span: int) -> Iterator[Part]:
    at = since
    while at <= now:
        yield {"since": at, **_by_outcome(ended[at])}
        at += timedelta(seconds=span)
