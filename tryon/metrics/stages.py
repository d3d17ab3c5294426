"""The stages of a job, and the time that each took, read from its events."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from tryon.models import EventKind


class Stage(StrEnum):
    """Where a job spends its time."""

    QUEUE = "queue"
    SENDING = "sending"
    FASHN = "fashn"
    STORING = "storing"


# The stage that begins with an event. None ends the job.
BEGINNINGS: Final[Mapping[str, Stage | None]] = {
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


def seconds_by_stage(
    events: Iterable[tuple[str, datetime]], *, until: datetime | None = None
) -> dict[Stage, float]:
    """Return the seconds of each stage, summed over all tries.

    ``events`` are kinds and times, in the order in which they happened. A stage that has not ended counts
    up to ``until``, and not at all without it.
    """
    seconds = dict.fromkeys(Stage, 0.0)
    stage: Stage | None = None
    since: datetime | None = None
    for kind, at in events:
        if kind not in BEGINNINGS:
            continue
        if stage is not None and since is not None:
            seconds[stage] += (at - since).total_seconds()
        stage, since = BEGINNINGS[kind], at
    if until is not None and stage is not None and since is not None:
        seconds[stage] += (until - since).total_seconds()
    return {stage: max(0.0, number) for stage, number in seconds.items()}
