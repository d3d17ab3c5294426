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


def statistics_with(window: Window, *accounts: str) -> WindowedStatistics:
    """Return the state of accounts of a queue, what waits in it, and what happened in a window."""
    queue = queue_of(accounts[0])
    return {
        **statistics(*accounts),
        "queue": [
            {"lane": one.lane, "queued": one.jobs, "oldestSeconds": round(one.oldest_seconds, 1)}
            for one in lanes([queue])
        ],
        "window": window_statistics(queue, window),
    }
