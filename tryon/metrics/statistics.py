"""The statistics of now and of a window, for the API and the Operations page."""

from typing import Annotated, TypedDict

from tryon.accounts import queue_of
from tryon.metrics.readings import lanes
from tryon.metrics.windows import Window, WindowStatistics, window_statistics
from tryon.services.stats import Statistics, statistics


class LaneStatistics(TypedDict):
    lane: str
    queued: int
    oldestSeconds: Annotated[float, "The time that the oldest one has waited; 0 for an empty lane."]


class WindowedStatistics(Statistics):
    queue: list[LaneStatistics]
    window: WindowStatistics


def statistics_with(account: str, window: Window) -> WindowedStatistics:
    """Return an account's state, what waits in its queue, and what happened in a window."""
    return {
        **statistics(account),
        "queue": [
            {"lane": one.lane, "queued": one.jobs, "oldestSeconds": round(one.oldest_seconds, 1)}
            for one in lanes([queue_of(account)])
        ],
        "window": window_statistics(queue_of(account), window),
    }
