"""The statistics of now and of a window, for the API and the Operations page."""

from typing import Annotated, TypedDict

from tryon.accounts import queue_of
from tryon.metrics.readings import lanes
from tryon.metrics.windows import Window, WindowStatistics, window_statistics
from tryon.models import Account
from tryon.services.stats import Statistics, statistics
from tryon.webhooks.selectors import Ending, attempts_made, backlogs, disabled_count


class LaneStatistics(TypedDict):
    lane: str
    queued: int
    oldestSeconds: Annotated[float, "The time that the oldest one has waited; 0 for an empty lane."]


class BacklogStatistics(TypedDict):
    endpoints: Annotated[str, "well or failing: the outcome of the last attempt."]
    pending: int
    lateSeconds: Annotated[float, "The seconds that the delivery due longest has waited to be tried."]


class AttemptStatistics(TypedDict):
    delivered: int
    retried: Annotated[int, "Failures with another attempt to come."]
    failed: Annotated[int, "Failures of the last attempt."]


class WebhookStatistics(TypedDict):
    backlogs: Annotated[list[BacklogStatistics], "What waits for active endpoints."]
    disabledEndpoints: int
    attempts: Annotated[AttemptStatistics, "Since the first day."]


class WindowedStatistics(Statistics):
    webhooks: WebhookStatistics
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
        "webhooks": webhook_statistics(is_test=queue == Account.TEST),
        "window": window_statistics(queue, window),
    }


def webhook_statistics(*, is_test: bool) -> WebhookStatistics:
    """Return the state of the deliveries to shops' servers."""
    made = attempts_made(is_test=is_test)
    return {
        "backlogs": [
            {"endpoints": health, "pending": found.deliveries, "lateSeconds": round(found.late_seconds, 1)}
            for health, found in backlogs(is_test=is_test).items()
        ],
        "disabledEndpoints": sum(disabled_count(is_test=is_test).values()),
        "attempts": {
            "delivered": made[Ending.DELIVERED],
            "retried": made[Ending.RETRIED],
            "failed": made[Ending.FAILED],
        },
    }
