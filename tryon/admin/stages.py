"""The stages of a job, as the admin shows them."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.admin.charts import Part, in_figures
from tryon.metrics.figures import STAGE_NAMES
from tryon.metrics.stages import seconds_by_stage
from tryon.models import JobEvent


def stages(events: Iterable[JobEvent]) -> list[Part]:
    """Return the seconds of each stage, summed over all tries; of one under way until now.

    ``events`` are in the order in which they happened.
    """
    seconds = seconds_by_stage(((event.kind, event.at) for event in events), until=clock.now())
    return [Part(STAGE_NAMES[stage], round(number, 1)) for stage, number in seconds.items()]


def in_seconds(value: float) -> str:
    """Return a number of seconds as text."""
    return str(_("%(number)s s") % {"number": in_figures(value)})
