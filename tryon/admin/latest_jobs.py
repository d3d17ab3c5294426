"""The latest jobs in numbers and charts, for the home page."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles
from typing import Any, Final, NamedTuple

from django.urls import reverse
from django.utils.timezone import localtime, make_aware
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.charts import bar_chart, in_figures, line_chart
from tryon.failures import message_for
from tryon.models import Account, Status, TryOnJob

LATEST_JOBS: Final = 1_000
MOST_CAUSES: Final = 5
MOST_DAYS: Final = 14
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
    number: int
    address: str


class Ended(NamedTuple):
    """A job of the latest, as far as the numbers need it."""

    created_at: datetime
    completed_at: datetime | None
    status: str
    error_code: str


class LatestJobs:
    """The latest live jobs, newest first."""

    def __init__(self, jobs: Sequence[Ended]) -> None:
        self.jobs = jobs

    @classmethod
    def read(cls) -> "LatestJobs":
        """Return the latest jobs that there are, at most a thousand."""
        jobs = TryOnJob.objects.filter(account=Account.LIVE).order_by("-created_at", "id")
        rows = jobs.values_list("created_at", "completed_at", "status", "error_code")
        return cls([Ended(*row) for row in rows[:LATEST_JOBS]])

    def tiles(self) -> Iterator[Tile]:
        failed = [job for job in self.jobs if job.status == Status.FAILED]
        ended = [job for job in self.jobs if job.status in (Status.COMPLETED, Status.FAILED)]
        about = _("of the latest %(number)s jobs") % {"number": in_figures(len(self.jobs))}
        yield Tile(_("Failed"), str(len(failed)), self.failed_address(), about)
        if ended:
            percent = in_figures(round(100 - 100 * len(failed) / len(ended), 1))
            yield Tile(
                _("Success rate"), gettext("%(percent)s %%") % {"percent": percent}, jobs_address(), about
            )
        if durations := [seconds_of(job) for job in self.jobs if job.completed_at]:
            seconds = gettext("%(number)s s") % {"number": in_figures(round(median(durations), 1))}
            yield Tile(_("Median duration"), seconds, jobs_address(status__exact=Status.COMPLETED), about)

    def causes(self) -> Iterator[Cause]:
        """Yield the most frequent causes among the failures of the latest jobs."""
        codes = Counter(job.error_code for job in self.jobs if job.status == Status.FAILED)
        for code, number in codes.most_common(MOST_CAUSES):
            yield Cause(code, message_for(code), number, self.failed_address(error_code=code))

    def charts(self) -> Iterator[Any]:
        """Yield the ends of the latest jobs and their durations, by day."""
        days: dict[date, list[Ended]] = {}
        for job in reversed(self.jobs):
            days.setdefault(localtime(job.created_at).date(), []).append(job)
        shown_days = [*days][-MOST_DAYS:]
        if not shown_days:
            return
        labels = [day.strftime("%m-%d") for day in shown_days]
        yield bar_chart(
            _("Jobs by day and end"),
            labels,
            {
                label: [sum(job.status == status for job in days[day]) for day in shown_days]
                for status, label in (
                    (Status.COMPLETED, _("Completed")),
                    (Status.CANCELED, _("Canceled")),
                    (Status.FAILED, _("Failed")),  # the warm colour
                )
            },
            addresses=[day_address(day) for day in shown_days],
        )
        durations = [[seconds_of(job) for job in days[day] if job.completed_at] for day in shown_days]
        yield line_chart(
            _("Seconds from the request to the picture"),
            labels,
            {
                _("Median"): [median(of_day) if of_day else None for of_day in durations],
                _("9 of 10 are faster"): [slow_of(of_day) for of_day in durations],
            },
        )

    def failed_address(self, **more: Any) -> str:
        """Return the list of the failed ones among the latest."""
        if self.jobs:
            more["created_at__gte"] = self.jobs[-1].created_at.isoformat()
        return jobs_address(status__exact=Status.FAILED, **more)


def day_address(day: date) -> str:
    """Return the list of a day's jobs, in the person's time zone."""
    begins, ends = (make_aware(datetime.combine(one, time.min)) for one in (day, day + timedelta(days=1)))
    return jobs_address(created_at__gte=begins.isoformat(), created_at__lt=ends.isoformat())


def jobs_address(**lookups: Any) -> str:
    """Return the list of live jobs, filtered."""
    return reverse(f"admin:{JOBS}", query={"account__exact": Account.LIVE, **lookups})


def seconds_of(job: Ended) -> float:
    """Return the seconds from the request to the picture."""
    return (job.completed_at - job.created_at).total_seconds() if job.completed_at else 0.0


def slow_of(seconds: list[float]) -> float | None:
    """Return the time within which nine of ten are ready. None before the first two."""
    return quantiles(seconds, n=10)[-1] if len(seconds) > 1 else None
