"""The figures of the Operations page: charts and tables of a window, and the processes at work."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from config.core.admin.charts import bar_chart
from config.core.admin.widgets import moment
from config.people.models import AuditEntry, Decision
from tryon.accounts import queue_of
from tryon.engine import governor
from tryon.metrics.readings import ProcessReading, processes
from tryon.metrics.stages import Stage
from tryon.metrics.windows import Duration, Window, WindowStatistics
from tryon.models import Governor, Lane, Pause, Status
from tryon.money.selectors import balance

WINDOWS: Final = {
    Window.HOUR: _("The last hour"),
    Window.DAY: _("The last 24 hours"),
    Window.WEEK: _("The last seven days"),
}
STAGE_NAMES: Final[Mapping[str, Any]] = {
    Stage.QUEUE: _("In the queue"),
    Stage.SENDING: _("Sending to FASHN"),
    Stage.FASHN: _("At FASHN"),
    Stage.STORING: _("Fetching and storing"),
}
# A part of the window by its beginning: the time, or the day where a part is longer than an hour.
_LABELS: Final = {Window.HOUR: "%H:%M", Window.DAY: "%H:%M", Window.WEEK: "%m-%d %H:%M"}


class Paused(NamedTuple):
    """The person who paused an account, and the time."""

    name: str
    at: datetime


def window_asked(name: str) -> Window:
    """Return the window that a request names, a day if it names none."""
    return Window(name) if name in [*Window] else Window.DAY


def figures(stats: WindowStatistics, account: str, window: Window) -> dict[str, Any]:
    """Return what the page's template shows of a window, and of now."""
    seen = processes()
    return {
        "window": stats,
        "windows": [(name.value, words, name == window) for name, words in WINDOWS.items()],
        "course": _course(stats, window),
        "failures": _failures(stats),
        "durations": [*_durations(stats)],
        "workers": _workers(seen),
        "is_redis_away": seen.workers is None,
        "swept_at": moment(seen.swept_at) if seen.swept_at else "",
        "balance": balance(queue_of(account)),
        "paused": paused(account),
    }


def paused(account: str) -> Paused | None:
    """Return the person who paused an account, None if nobody did, or a key."""
    state = governor.current(account)
    if state.pause != Pause.OPERATOR:
        return None
    entries = AuditEntry.objects.filter(
        content_type__app_label="tryon",
        content_type__model=Governor._meta.model_name,
        object_pk=str(state.pk),
        decision__in=[Decision.PAUSE, Decision.RESUME],
    )
    last = entries.select_related("actor").order_by("-timestamp", "-pk").first()
    if last is None or last.actor is None or last.decision != Decision.PAUSE:
        return None
    return Paused(last.actor.get_username(), last.timestamp)


def _course(stats: WindowStatistics, window: Window) -> Any:
    labels = [localtime(part["since"]).strftime(_LABELS[window]) for part in stats["course"]]
    course = stats["course"]
    return bar_chart(
        _("Jobs that ended"),
        labels,
        {
            Status.COMPLETED.label: [part["completed"] for part in course],
            Status.CANCELED.label: [part["canceled"] for part in course],
            Status.FAILED.label: [part["failed"] for part in course],  # the warm colour, as at home
        },
    )


def _failures(stats: WindowStatistics) -> list[tuple[str, int, int]]:
    """Return each code with the number of its failures and their share in percent."""
    failed = stats["jobs"]["failed"]
    return [(code, number, round(100 * number / failed)) for code, number in stats["failures"].items()]


def _durations(stats: WindowStatistics) -> Iterator[tuple[Any, Any, Duration]]:
    """Yield the rows of the table: what, of which mode or lane, and the durations."""
    for wait in stats["waits"]:
        yield STAGE_NAMES[Stage.QUEUE], Lane(wait["lane"]).label, wait
    for stage in stats["stages"]:
        if stage["stage"] != Stage.QUEUE:
            yield STAGE_NAMES[stage["stage"]], stage["mode"], stage


def _workers(seen: ProcessReading) -> list[tuple[str, str, str, str]]:
    """Return each process: its machine, the queues of a worker, its state, and its last sign of life."""
    found = [
        (worker.machine, ", ".join(worker.queues), worker.state, worker.heard_at)
        for worker in seen.workers or ()
    ]
    found += [(one.machine, "cron", "", one.heard_at) for one in seen.clocks or ()]
    return [
        (machine, queues, state, moment(heard) if heard else "-") for machine, queues, state, heard in found
    ]
