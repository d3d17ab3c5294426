"""The stages of a job, and the time that each took, read from its events."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.admin.charts import Part, in_figures
from tryon.models import EventKind, JobEvent


class Stage(StrEnum):
    """Where a job spends its time."""

    QUEUE = "queue"
    SENDING = "sending"
    FASHN = "fashn"
    STORING = "storing"


NAMES: Final = {
    Stage.QUEUE: _("In the queue"),
    Stage.SENDING: _("Sending to FASHN"),
    Stage.FASHN: _("At FASHN"),
    Stage.STORING: _("Fetching and storing"),
}
# The stage that begins with an event. None ends the job.
BEGINNINGS: Final[dict[str, Stage | None]] = {
    EventKind.QUEUED: Stage.QUEUE,
    EventKind.RETRIED: Stage.QUEUE,
    EventKind.BACKED_OFF: Stage.QUEUE,
    EventKind.STARTED: Stage.SENDING,
    EventKind.SUBMITTED: Stage.FASHN,
    EventKind.ADOPTED: Stage.FASHN,
    EventKind.RESUMED: Stage.FASHN,
    EventKind.PICTURE_READY: Stage.STORING,
    EventKind.REVIVED: Stage.STORING,
    EventKind.COMPLETED: None,
    EventKind.FAILED: None,
    EventKind.CANCELED: None,
}


def stages(events: Iterable[JobEvent]) -> list[Part]:
    """Return the seconds of each stage, summed over all tries; of one under way until now.

    ``events`` are in the order in which they happened.
    """
    seconds = dict.fromkeys(Stage, 0.0)
    stage: Stage | None = None
    since: datetime | None = None
    for event in events:
        if event.kind not in BEGINNINGS:
            continue
        if stage is not None and since is not None:
            seconds[stage] += (event.at - since).total_seconds()
        stage, since = BEGINNINGS[event.kind], event.at
    if stage is not None and since is not None:
        seconds[stage] += (clock.now() - since).total_seconds()
    return [Part(NAMES[stage], round(max(0.0, number), 1)) for stage, number in seconds.items()]


def in_seconds(value: float) -> str:
    """Return a number of seconds as text."""
    return str(_("%(number)s s") % {"number": in_figures(value)})
