"""Find the trouble of now in the readings. Each function returns None where nobody can know."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from django.conf import settings

from config.core import clock, host_clock
from models_library.alerts import releases_to_tell_of
from tryon.accounts import queue_of, stands_for_queue
from tryon.engine.queue import MAINTENANCE, STEPS
from tryon.metrics import readings
from tryon.metrics.models import SLICE, Topic
from tryon.metrics.tallies import total
from tryon.models import Lane, Pause
from tryon.webhooks.selectors import Health, backlogs, endpoints_disabled

# A sweep comes every 30 seconds, and may wait behind a long cleanup.
LATE_SWEEP_SECONDS: Final = 300
LEAST_FAILURES: Final = 5
HOUR: Final = timedelta(hours=1)
# A sweep finds what no worker was called for.
LATE_WEBHOOK_SECONDS: Final = 600
# A lane of the night's batches is old by its nature.
BULK_PATIENCE: Final = 24


@dataclass(frozen=True, slots=True)
class Finding:
    """One trouble: its subject, and the facts that fill in the rule's sentence."""

    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class Readings:
    """The readings of one round. Each is read at most once, when a rule wants it."""

    accounts = cached_property(lambda _self: readings.account_readings())
    processes = cached_property(lambda _self: readings.processes())
    storage = cached_property(lambda _self: readings.storage())


type Look = Callable[[Readings], list[Finding] | None]


def queue_old(_readings: Readings) -> list[Finding]:
    limits = dict.fromkeys(Lane.values, settings.ALERT_QUEUE_SECONDS)
    limits[Lane.BULK] *= BULK_PATIENCE
    return [
        Finding(lane.lane, {"seconds": round(lane.oldest_seconds), "jobs": lane.jobs})
        for lane in readings.lanes()
        if lane.jobs and lane.oldest_seconds >= limits[lane.lane]
    ]


def failure_rate(_readings: Readings) -> list[Finding]:
    live, ended, failed = readings.live_accounts(), 0, Counter[str]()
    for thing, number in total(SLICE, clock.now() - HOUR).items():
        if thing.topic == Topic.ENDED and thing.account in live and thing.first != "canceled":
            ended += number
            if thing.first == "failed":
                failed[thing.second] += number
    return [
        Finding(code, {"percent": round(100 * number / ended), "failed": number, "ended": ended})
        for code, number in sorted(failed.items())
        if number >= LEAST_FAILURES and 100 * number >= settings.ALERT_FAILURE_PERCENT * ended
    ]


def dead_letters(_readings: Readings) -> list[Finding]:
    jobs = readings.dead_letter_count()
    return [Finding(facts={"jobs": jobs})] if jobs >= settings.ALERT_DEAD_LETTERS else []


def credits_low(now: Readings) -> list[Finding]:
    return [
        Finding(one.account, {"credits": one.balance})
        for one in now.accounts
        if one.balance is not None
        and one.balance < settings.ALERT_CREDITS
        and one.pause != Pause.OUT_OF_CREDITS
    ]


def credits_gone(now: Readings) -> list[Finding]:
    return [Finding(one.account) for one in now.accounts if one.pause == Pause.OUT_OF_CREDITS]


def circuit_open(now: Readings) -> list[Finding]:
    return [Finding(one.account) for one in now.accounts if one.is_circuit_open]


def key_refused(now: Readings) -> list[Finding]:
    return [Finding(one.account) for one in now.accounts if one.pause == Pause.UNAUTHORIZED]


def no_worker(now: Readings) -> list[Finding] | None:
    if now.processes.workers is None:
        return None  # Redis is away, and with it their signs of life
    return [Finding(name) for name in (STEPS, MAINTENANCE) if not now.processes.workers_of(name)]


def no_cron(now: Readings) -> list[Finding] | None:
    late = now.processes.ages.get(readings.SWEEP, 0)
    if late < LATE_SWEEP_SECONDS and now.processes.clocks is None:
        return None
    is_well = late < LATE_SWEEP_SECONDS and now.processes.clocks
    return [] if is_well else [Finding(facts={"seconds": round(late)})]


def clock_off(_readings: Readings) -> list[Finding]:
    return [
        Finding(machine, {"seconds": round(seconds, 1)})
        for machine, seconds in sorted(readings.clock_offsets().items())
        if host_clock.is_off(seconds)
    ]


def storage_80(now: Readings) -> list[Finding]:
    return storage_between(now, 80, 95)


def storage_95(now: Readings) -> list[Finding]:
    return storage_between(now, 95, None)


def storage_between(now: Readings, least: int, below: int | None) -> list[Finding]:
    percent = now.storage.percent
    is_in = percent is not None and least <= percent and (below is None or percent < below)
    return [Finding(facts={"percent": round(percent or 0)})] if is_in else []


def budget_80(now: Readings) -> list[Finding]:
    return budget_between(now, 80, 100)


def budget_100(now: Readings) -> list[Finding]:
    return budget_between(now, 100, None)


def budget_between(now: Readings, least: int, below: int | None) -> list[Finding]:
    found = []
    for one in now.accounts:
        if not stands_for_queue(one.account):  # the accounts of a queue share its budget
            continue
        percent = 100 * one.credits_today / one.daily_limit if one.daily_limit else 0
        if one.daily_limit and least <= percent and (below is None or percent < below):
            facts = {"percent": round(percent), "credits": one.credits_today, "limit": one.daily_limit}
            found.append(Finding(queue_of(one.account), facts))
    return found


def release_ends(_readings: Readings) -> list[Finding]:
    """A photo is told of before its last day, and once more after it."""
    return [
        Finding(
            f"{photo.pk} {photo.release_until} {photo.release_state}",
            {"photo": photo.name, "until": str(photo.release_until), "id": str(photo.pk)},
        )
        for photo in releases_to_tell_of()
    ]


def webhook_endpoint_disabled(_readings: Readings) -> list[Finding]:
    """An endpoint is told of until somebody enables or removes it."""
    return [
        Finding(str(row.pk), {"shop": row.shop.name, "host": row.host, "reason": row.get_trouble_display()})
        for row in endpoints_disabled()
    ]


def webhooks_late(_readings: Readings) -> list[Finding]:
    """A failing endpoint has few attempts at a time, so what waits for it is no fault of ours."""
    waiting = backlogs(is_test=False)[Health.WELL]
    if waiting.late_seconds < LATE_WEBHOOK_SECONDS:
        return []
    return [Finding("", {"seconds": round(waiting.late_seconds), "deliveries": waiting.deliveries})]
