"""The place of a queued job, the reasons why it does not start, and the seconds that it waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.accounts import accounts_of, terms_of
from tryon.engine import governor
from tryon.fashn.inputs import steps
from tryon.fashn.options import TryOnOptions
from tryon.models import Governor, Pause, TryOnJob
from tryon.places import FIRST, Place, places_of
from tryon.selectors.predictions import typical_seconds
from tryon.timing import estimated_wait

# Nobody knows when a person buys credits or ends a pause. A number that promises less would be a lie.
UNTIL_A_PERSON_ACTS: Final = 3600.0


class WaitReason(TextChoices):
    """A reason that holds a queued job, apart from the jobs before it."""

    PAUSED = "paused", _("The service is paused")
    OUT_OF_CREDITS = "out_of_credits", _("FASHN's credits are used up")
    DAILY_LIMIT = "daily_limit", _("Today's credits are used up")
    PROVIDER_DOWN = "provider_down", _("FASHN takes nothing now")


class Hold(NamedTuple):
    """The seconds for which a job can't start, and the reason. It is None if the job waits for its turn."""

    seconds: float
    reason: WaitReason | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """The jobs that start before a queued job, and the longest of what holds it."""

    jobs_ahead: int
    hold: Hold


class Outlook:
    """The queues and accounts as one request sees them: each is read once, for the jobs that are shown."""

    def __init__(self, jobs: Iterable[TryOnJob]) -> None:
        self._jobs = jobs
        self._queues: dict[str, QueueNow] = {}

    def wait_of(self, job: TryOnJob) -> Wait:
        """Return the wait of one of the queued jobs; its own back-off is among what holds it."""
        place = self._places.get(job.pk, FIRST)  # it may have left the queue a moment ago
        return Wait(place.jobs_ahead, max(self._holds_of(job, place), key=lambda hold: hold.seconds))

    def _holds_of(self, job: TryOnJob, place: Place) -> list[Hold]:
        queue = self._queue(job)
        # The job runs on the first account that can take it.
        soonest = min((self._hold_on(account, job) for account in queue.accounts), key=attrgetter("seconds"))
        holds = [Hold(self._until(job.not_before)), soonest]
        if (seconds := _until_paid_by_a_day(queue, job, place)) > 0:
            holds.append(Hold(seconds, WaitReason.DAILY_LIMIT))
        return holds

    def _hold_on(self, account: "AccountNow", job: TryOnJob) -> Hold:
        """Return the longest of what holds the job on an account."""
        state = account.state
        holds = [Hold(self._until(state.held_until))]
        if state.pause:
            unpaid = state.pause == Pause.OUT_OF_CREDITS
            reason = WaitReason.OUT_OF_CREDITS if unpaid else WaitReason.PAUSED
            holds.append(Hold(UNTIL_A_PERSON_ACTS, reason))
        if state.open_until is not None:
            # At least one second: while it is half open, one job tries and the others are held.
            holds.append(Hold(max(1.0, self._until(state.open_until)), WaitReason.PROVIDER_DOWN))
        if state.credits_at_fashn is not None and job.price > (account.at_fashn or 0):
            holds.append(Hold(UNTIL_A_PERSON_ACTS, WaitReason.OUT_OF_CREDITS))
        return max(holds, key=attrgetter("seconds"))

    def _queue(self, job: TryOnJob) -> "QueueNow":
        return self._queues.setdefault(job.account, QueueNow(job.account))

    def _until(self, at: datetime | None) -> float:
        return 0.0 if at is None else max(0.0, (at - self._now).total_seconds())

    @cached_property
    def _places(self) -> dict[UUID, Place]:
        return places_of(self._jobs)

    @cached_property
    def _now(self) -> datetime:
        return clock.now()


def seconds_of(wait: Wait, job: TryOnJob) -> int:
    """Return the expected seconds until a queued job's picture is ready, after what holds the job."""
    queue, plan = job.account, steps(TryOnOptions.from_mapping(job.options))
    typical = sum(typical_seconds(queue, step) for step in plan)
    return estimated_wait(queue, jobs_ahead=wait.jobs_ahead, typical=typical) + round(wait.hold.seconds)


class AccountNow:
    """An account's state and credits, each read once."""

    def __init__(self, account: str) -> None:
        self.account = account

    @cached_property
    def state(self) -> Governor:
        return governor.current(self.account)

    @cached_property
    def at_fashn(self) -> int | None:
        return governor.credits_to_spend(self.state)


class QueueNow:
    """A queue's accounts and credits, each read once."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.accounts = [AccountNow(account) for account in accounts_of(queue)]

    @cached_property
    def left_today(self) -> int | None:
        return governor.credits_left_today(self.queue)

    @cached_property
    def unspoken_for(self) -> int | None:
        return governor.credits_unspoken_for(self.queue)


def _until_paid_by_a_day(queue: QueueNow, job: TryOnJob, place: Place) -> float:
    """Return the seconds until the day that pays for the job and those before it, 0 if it is today."""
    if queue.unspoken_for is None or queue.unspoken_for >= 0:
        return 0.0
    missing = place.credits_ahead + job.price - (queue.left_today or 0)
    if missing <= 0:
        return 0.0
    further_days = (missing - 1) // terms_of(queue.queue).daily_limit
    return governor.next_day().seconds + further_days * 86_400


class Slots(NamedTuple):
    """The slots of a queue's accounts: those that are taken, and all."""

    taken: int
    all: int


def slots_of(queue: str) -> Slots:
    """Return the slots of a queue now."""
    now, accounts = clock.now(), accounts_of(queue)
    return Slots(
        sum(governor.slots_taken(account) for account in accounts),
        sum(governor.slots(governor.current(account), now) for account in accounts),
    )
