"""The count of what events tell: ends of jobs, calls to FASHN, credits, and durations."""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from config.shops.callers import SHOP
from tryon.metrics.histograms import bucket_of
from tryon.metrics.models import Topic
from tryon.metrics.stages import BEGINNINGS, Stage, seconds_by_stage
from tryon.metrics.tallies import Counts, Thing
from tryon.models import EventKind, JobEvent, Prediction, Status

ENDS: Final = {
    EventKind.COMPLETED: Status.COMPLETED,
    EventKind.FAILED: Status.FAILED,
    EventKind.CANCELED: Status.CANCELED,
}
CALLS: Final = {
    EventKind.PICTURE_READY: "succeeded",
    EventKind.PREDICTION_FAILED: "failed",
    EventKind.PREDICTION_UNKNOWN: "unknown",
    EventKind.SUBMISSION_REFUSED: "refused",
}
COUNTED: Final = (*ENDS, *CALLS)
# With these a job begins as if new.
_NEW: Final = (EventKind.QUEUED, EventKind.RETRIED)
NO_MODE: Final = "none"


def counts_between(since: datetime, until: datetime, *, durations: bool) -> Counts:
    """Return what happened from a time on and before another. Durations take most of the time, if wanted."""
    events = JobEvent.objects.filter(kind__in=COUNTED, at__gte=since, at__lt=until).order_by()
    found: Counts = Counter()
    completed: dict[UUID, tuple[str, str]] = {}
    columns = ("kind", "data", "job_id", "job__account", "job__requester", "job__lane")
    for kind, data, job_id, account, requester, lane in events.values_list(*columns):
        if kind in ENDS:
            outcome = ENDS[EventKind(kind)]
            found[Thing(Topic.ENDED, account, outcome, data.get("code", ""))] += 1
            found[Thing(Topic.SHOP, account, _shop(requester), outcome)] += 1
            if kind == EventKind.COMPLETED:
                completed[job_id] = account, lane
        elif _was_sent(kind, data):
            found[Thing(Topic.CALL, account, CALLS[EventKind(kind)])] += 1
            credits, payer = int(data.get("credits", 0)), data.get("payer") or requester
            found[Thing(Topic.CREDITS, account, "spent")] += credits
            found[Thing(Topic.SHOP_CREDITS, account, _shop(payer))] += credits
            if kind == EventKind.PREDICTION_UNKNOWN:
                found[Thing(Topic.CREDITS, account, "unknown")] += int(data.get("price", 0))
    if durations:
        _count_durations(completed, until, found)
    return found


def _was_sent(kind: str, data: dict[str, Any]) -> bool:
    """Return whether a call went out. A slot that was given back unused writes no message."""
    return kind != EventKind.PREDICTION_FAILED or "message" in data


def _shop(party: str) -> str:
    """Return the id of a shop, empty for a person of the staff."""
    return party.removeprefix(SHOP) if party.startswith(SHOP) else ""


def _count_durations(jobs: dict[UUID, tuple[str, str]], until: datetime, found: Counts) -> None:
    """Add the durations of completed jobs since somebody last asked for them."""
    if not jobs:
        return
    modes = _modes(jobs)
    for job_id, events in _histories(jobs, until).items():
        account, lane = jobs[job_id]
        seconds = seconds_by_stage(events)
        for stage, duration in seconds.items():
            found[Thing(Topic.STAGE, account, stage, modes[job_id], bucket_of(duration))] += 1
            found[Thing(Topic.STAGE_TIME, account, stage, modes[job_id])] += round(duration * 1000)
        wait = seconds[Stage.QUEUE]
        found[Thing(Topic.WAIT, account, lane, bucket_of(wait))] += 1
        found[Thing(Topic.WAIT_TIME, account, lane)] += round(wait * 1000)


def _histories(jobs: Collection[UUID], until: datetime) -> dict[UUID, list[tuple[str, datetime]]]:
    # By their jobs alone: SQLite would find nearly all events by their kinds or times.
    events = JobEvent.objects.filter(job__in=jobs).order_by("pk")
    found: dict[UUID, list[tuple[str, datetime]]] = {}
    for job_id, kind, at in events.values_list("job_id", "kind", "at"):
        if kind in _NEW:
            found[job_id] = []
        if kind in BEGINNINGS and at < until:
            found.setdefault(job_id, []).append((kind, at))
    return found


def _modes(jobs: Collection[UUID]) -> dict[UUID, str]:
    """Return what the duration of each job's first step depends on, such as its mode and resolution."""
    found: dict[UUID, str] = defaultdict(lambda: NO_MODE)
    calls = Prediction.objects.filter(job__in=jobs).order_by("-step", "-created_at")
    found.update(calls.values_list("job_id", "speed"))
    return found
