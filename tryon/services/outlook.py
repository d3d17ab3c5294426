"""The reasons why a queued job does not start, and the seconds that it waits, for the person who waits."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from config.core import clock
from tryon.engine import governor
from tryon.models import Governor, Pause, TryOnJob
from tryon.selectors import credits_ahead

# Nobody knows when a person buys credits or ends a pause. A number that promises less would be a lie.
UNTIL_A_PERSON_ACTS: Final = 3600.0


class WaitReason(TextChoices):
    """A reason that holds a queued job, apart from the jobs before it."""

    PAUSED = "paused", _("The service is paused")
    OUT_OF_CREDITS = "out_of_credits", _("FASHN's credits are used up")
    DAILY_LIMIT = "daily_limit", _("Today's credits are used up")
    PROVIDER_DOWN = "provider_down", _("FASHN takes nothing now")


@dataclass(frozen=True, slots=True)
class Wait:
    """The seconds for which a job can't start, and the reason. It is None if the job waits for its turn."""

    seconds: float
    reason: WaitReason | None = None


class Outlook:
    """The governor as one request sees it: read once, for as many jobs as are shown."""

    def wait_of(self, job: TryOnJob) -> Wait:
        """Return the longest of what holds a queued job; the job's own back-off is among it."""
        return max(self._waits_of(job), key=lambda wait: wait.seconds)

    def _waits_of(self, job: TryOnJob) -> list[Wait]:
        state = self._state
        waits = [Wait(self._until(job.not_before)), Wait(self._until(state.held_until))]
        if state.pause:
            unpaid = state.pause == Pause.OUT_OF_CREDITS
            reason = WaitReason.OUT_OF_CREDITS if unpaid else WaitReason.PAUSED
            waits.append(Wait(UNTIL_A_PERSON_ACTS, reason))
        if state.open_until is not None:
            # At least one second: while it is half open, one job tries and the others are held.
            waits.append(Wait(max(1.0, self._until(state.open_until)), WaitReason.PROVIDER_DOWN))
        if state.credits_at_fashn is not None and job.price > (self._at_fashn or 0):
            waits.append(Wait(UNTIL_A_PERSON_ACTS, WaitReason.OUT_OF_CREDITS))
        if (seconds := self._until_paid_by_a_day(job)) > 0:
            waits.append(Wait(seconds, WaitReason.DAILY_LIMIT))
        return waits

    def _until_paid_by_a_day(self, job: TryOnJob) -> float:
        """Return the seconds until the day that pays for the job and those before it, 0 if it is today."""
        unspoken_for = self._unspoken_for
        if unspoken_for is None or unspoken_for >= 0:
            return 0.0
        missing = credits_ahead(job) + job.price - (self._left_today or 0)
        if missing <= 0:
            return 0.0
        further_days = (missing - 1) // settings.TRYON_DAILY_LIMIT
        return governor.next_day().seconds + further_days * 86_400

    def _until(self, at: datetime | None) -> float:
        return 0.0 if at is None else max(0.0, (at - self._now).total_seconds())

    @cached_property
    def _now(self) -> datetime:
        return clock.now()

    @cached_property
    def _state(self) -> Governor:
        return governor.current()

    @cached_property
    def _at_fashn(self) -> int | None:
        return governor.credits_to_spend(self._state)

    @cached_property
    def _left_today(self) -> int | None:
        return governor.credits_left_today()

    @cached_property
    def _unspoken_for(self) -> int | None:
        return governor.credits_unspoken_for()
