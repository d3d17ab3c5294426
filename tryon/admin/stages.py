"""The stages of a job, as the admin shows them."""

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.admin.charts import Part, in_figures
from tryon.metrics.stages import Stage, seconds_by_stage
from tryon.models import JobEvent

NAMES: Final = {
    Stage.QUEUE: _("In the queue"),
    Stage.SENDING: _("Sending to FASHN"),
    Stage.FASHN: _("At FASHN"),
    Stage.STORING: _("Fetching and storing"),
}


def stages(events: Iterable[JobEvent]) -> list[Part]:
    """Return the seconds of each stage, summed over all tries; of one under way until now.

    ``events`` are in the order in which they happened.
    """
    seconds = seconds_by_stage(((event.kind, event.at) for event in events), until=clock.now())
    return [Part(NAMES[stage], round(number, 1)) for stage, number in seconds.items()]


def in_seconds(value: float) -> str:
    """Return a number of seconds as text."""
    return str(_("%(number)s s") % {"number": in_figures(value)})
