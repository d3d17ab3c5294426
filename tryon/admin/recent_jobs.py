"""The jobs of the last two weeks in numbers and charts, for the home page.

Each day is counted by itself and remembered: the newest for seconds, those before for minutes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

from django.core.cache import cache
from django.db.models import Count
from django.urls import reverse
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.admin.charts import bar_chart, in_figures, line_chart
from tryon.failures import message_for
from tryon.models import Account, Status, TryOnJob

DAYS: Final = 14
MOST_CAUSES: Final = 5
MOST_DURATIONS: Final = 200  # of a day: the newest pictures
TODAY_SECONDS: Final = 10
DAY_SECONDS: Final = 300
JOBS: Final = "tryon_tryonjob_changelist"


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its name, a word about it, and the list that has what it counts."""

    name: Any
    number: str
    address: str
    about: Any = ""


class Cause(NamedTuple):
    """A reason why jobs failed, with the number of them and their list."""

    code: str
    text: Any
    number: str
    address: str


@dataclass(frozen=True, slots=True)
class Day:
    """The jobs that began on a day of the person's time zone.

    ``failures`` are the failed ones by their code, ``seconds`` the times from the request to the picture.
    """

    day: date
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


class RecentJobs:
    """The live jobs of the last days, the oldest day first."""

    def __init__(self, days: Sequence[Day]) -> None:
        self.days = days
        self.statuses = sum((day.statuses for day in days), Counter[str]())
        self.failures = sum((day.failures for day in days), Counter[str]())

    @classmethod
    def read(cls) -> "RecentJobs":
        """Return the jobs of the last days, today included."""
        today = localtime(clock.now()).date()
        days = [today - timedelta(days=number) for number in reversed(range(DAYS))]
        names = {f"home:jobs:{midnight(day).isoformat()}": day for day in days}
        known = cache.get_many(names)
        for name, day in names.items():
            if name not in known:
                known[name] = counted(day)
                cache.set(name, known[name], TODAY_SECONDS if day == today else DAY_SECONDS)
        return cls([known[name] for name in names])

    def tiles(self) -> Iterator[Tile]:
        about = _("of the last %(days)d days") % {"days": DAYS}
        failed, completed = (self.statuses[status] for status in (Status.FAILED, Status.COMPLETED))
        yield Tile(_("Failed"), in_figures(failed), self.failed_address(), about)
        if failed + completed:
            percent = in_figures(round(100 * completed / (failed + completed), 1))
            yield Tile(
                _("Success rate"),
                gettext("%(percent)s %%") % {"percent": percent},
                self.address(),
                about,
            )
        if durations := [seconds for day in self.days for seconds in day.seconds]:
            seconds = gettext("%(number)s s") % {"number": in_figures(round(median(durations), 1))}
            address = self.address(status__exact=Status.COMPLETED)
            yield Tile(_("Median duration"), seconds, address, about)

    def causes(self) -> Iterator[Cause]:
        """Yield the most frequent causes among the failures."""
        for code, number in self.failures.most_common(MOST_CAUSES):
            yield Cause(code, message_for(code), in_figures(number), self.failed_address(error_code=code))

    def charts(self) -> Iterator[Any]:
        """Yield the ends of the jobs and their durations, by day."""
        if not self.statuses:
            return
        labels = [f"{day.day:%m-%d}" for day in self.days]
        yield bar_chart(
            _("Jobs by day and end"),
            labels,
            {
                label: [day.statuses[status] for day in self.days]
                for status, label in (
                    (Status.COMPLETED, _("Completed")),
                    (Status.CANCELED, _("Canceled")),
                    (Status.FAILED, _("Failed")),  # the warm colour
                )
            },
            addresses=[day_address(day.day) for day in self.days],
        )
        yield line_chart(
            _("Seconds from the request to the picture"),
            labels,
            {
                _("Median"): [median(day.seconds) if day.seconds else None for day in self.days],
                _("9 of 10 are faster"): [slow_of(day.seconds) for day in self.days],
            },
        )

    def address(self, **more: Any) -> str:
        """Return the list of the jobs of these days."""
        if self.days:
            more["created_at__gte"] = midnight(self.days[0].day).isoformat()
        return jobs_address(**more)

    def failed_address(self, **more: Any) -> str:
        """Return the list of the failed ones among them."""
        return self.address(status__exact=Status.FAILED, **more)


def counted(day: date) -> Day:
    """Count a day's jobs. Only its newest pictures are timed."""
    # Not "= live": SQLite would find nearly all jobs by the account, and not those of the day by their time.
    others = [account for account in Account if account != Account.LIVE]
    jobs = TryOnJob.objects.filter(
        created_at__gte=midnight(day), created_at__lt=midnight(day + timedelta(days=1))
    ).exclude(account__in=others)
    found = Day(day)
    rows = jobs.order_by().values_list("status", "error_code").annotate(number=Count("pk"))
    for status, code, number in rows:
        found.statuses[status] += number
        if status == Status.FAILED:
            found.failures[code] += number
    times = jobs.exclude(completed_at=None).order_by("-created_at").values_list("created_at", "completed_at")
    found.seconds.extend((end - begin).total_seconds() for begin, end in times[:MOST_DURATIONS] if end)
    return found


def midnight(day: date) -> datetime:
    """Return the beginning of a day in the person's time zone."""
    return make_aware(datetime.combine(day, time.min))


def day_address(day: date) -> str:
    """Return the list of a day's jobs, in the person's time zone."""
    begins, ends = (midnight(one) for one in (day, day + timedelta(days=1)))
    return jobs_address(created_at__gte=begins.isoformat(), created_at__lt=ends.isoformat())


def jobs_address(**lookups: Any) -> str:
    """Return the list of live jobs, filtered."""
    return reverse(f"admin:{JOBS}", query={"account__exact": Account.LIVE, **lookups})


def slow_of(seconds: list[float]) -> float | None:
    """Return the time within which nine of ten are ready. None before the first two."""
    return quantiles(seconds, n=10)[-1] if len(seconds) > 1 else None
