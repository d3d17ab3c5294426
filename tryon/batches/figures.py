"""The numbers of the pages: money, time, progress, and why a batch waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count
from django.utils.translation import gettext, gettext_lazy

from config.core import clock
from results.models import TryOnResult
from tryon.accounts import accounts_of, concurrency_of
from tryon.batches.models import Batch, BatchState, ItemState, PauseCode
from tryon.batches.selectors import (
    Balance,
    balance_known,
    counts_of,
    credits_taken,
    credits_to_come,
)
from tryon.fashn.inputs import steps
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import Account, Status, TryOnJob
from tryon.selectors.predictions import typical_seconds
from tryon.services.outlook import UNTIL_A_PERSON_ACTS, Outlook, Wait
from tryon.services.pairs import WEARS
from tryon.services.spending import left_today

PICTURES_SHOWN: Final = 24
REASONS_SHOWN: Final = 20
UNKNOWN_CATEGORIES: Final = (None, "", "auto")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason why pairs are blocked or have failed, and their number."""

    words: str
    number: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A batch in numbers. ``joined`` pairs wait for a job that others pay for."""

    counts: dict[str, int]
    joined: int
    credits_taken: int
    credits_to_come: int
    seconds: int | None

    def number(self, state: str) -> int:
        return self.counts.get(state, 0)

    @property
    def over(self) -> int:
        """Return the number of pairs that have come to an end."""
        return sum(self.counts.values()) - self.number(ItemState.WAITING) - self.number(ItemState.QUEUED)

    @property
    def new(self) -> int:
        """Return the number of pairs of a plan for which a try-on will start."""
        return self.number(ItemState.WAITING) - self.joined

    @property
    def minutes(self) -> int | None:
        """Return the minutes that the rest takes, None if nobody knows."""
        return None if self.seconds is None else max(1, round(self.seconds / 60))


def figures_of(batch: Batch) -> Figures:
    """Return the numbers of a batch as they are now."""
    counts = counts_of(batch)
    joined = batch.items.filter(state=ItemState.WAITING, credits=0, job__isnull=False).count()
    rest = counts.get(ItemState.WAITING, 0) - joined + counts.get(ItemState.QUEUED, 0)
    return Figures(counts, joined, credits_taken(batch), credits_to_come(batch), _seconds(batch, rest))


def guessed(batch: Batch) -> int:
    """Return the number of new pairs of a plan that show garments of no known category on half a body.

    FASHN is told that such a garment is what the photo can wear.
    """
    if batch.options.get("category") not in UNKNOWN_CATEGORIES:
        return 0
    photos = {"product_image__category__in": ["", "auto"], "model_image__category__in": [*WEARS]}
    return batch.items.filter(state=ItemState.WAITING, **photos).count()


def _seconds(batch: Batch, pairs: int) -> int | None:
    """Return the seconds that pairs take if the batch has all slots but the one for shoppers."""
    try:
        options = TryOnOptions.from_mapping(batch.options)
    except OptionError:
        return None
    each = sum(typical_seconds(Account.LIVE, step) for step in steps(options))
    return round(pairs * each / max(1, concurrency_of(Account.LIVE) - len(accounts_of(Account.LIVE))))


@dataclass(frozen=True, slots=True)
class Purse:
    """The credits that there are. None: not known, or no limit."""

    balance: Balance | None
    left_today: int | None


def purse() -> Purse:
    """Return the balance that FASHN told last, and what today's limit leaves to batches."""
    return Purse(balance_known(), left_today(Account.LIVE))


def reasons(batch: Batch, state: str) -> list[Reason]:
    """Return the most frequent reasons of the pairs in a state."""
    rows = batch.items.filter(state=state).order_by().values_list("error_message", "error_code")
    counted = rows.annotate(number=Count("pk")).order_by("-number", "error_code")[:REASONS_SHOWN]
    return [Reason(gettext(words) if words else code, number) for words, code, number in counted]


def pictures(batch: Batch) -> Iterable[TryOnResult]:
    """Return the newest results of the batch. A pair has a model photo, so none is of a shopper."""
    made = TryOnResult.objects.filter(job__batch_items__batch=batch, job__shopper_photo=None)
    shown = made.exclude(thumbnail="").select_related("job__product_image", "job__model_image")
    return shown.order_by("-created_at", "id")[:PICTURES_SHOWN]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reason why a batch does not go on, and the time until when, None if nobody knows."""

    words: Any
    until: datetime | None = None


def waiting_of(batch: Batch) -> Waiting | None:
    """Return why a batch stands still, None if it does not."""
    if batch.state == BatchState.PAUSED:
        stopped = PauseCode(batch.pause_code).label if batch.pause_code else PAUSED
        return Waiting(stopped)
    if batch.state != BatchState.RUNNING:
        return None
    if batch.not_before is not None and batch.not_before > clock.now():
        return Waiting(gettext_lazy("It waits for its hour."), batch.not_before)
    if batch.credit_floor is not None and balance_known() is None:
        return Waiting(NO_BALANCE)
    job = (
        TryOnJob.objects.filter(batch_items__batch=batch, status=Status.QUEUED).order_by("created_at").first()
    )
    return None if job is None else _of_wait(Outlook([job]).wait_of(job))


PAUSED: Final = gettext_lazy("A person has paused it. What FASHN was making finishes.")
NO_BALANCE: Final = gettext_lazy(
    "FASHN has not told its balance yet, so the credits to leave are not known. It is asked each half hour."
)


def _of_wait(wait: Wait) -> Waiting | None:
    if wait.hold.reason is None:
        return None
    lasts = wait.hold.seconds < UNTIL_A_PERSON_ACTS or wait.hold.reason == "daily_limit"
    until = clock.now() + timedelta(seconds=wait.hold.seconds) if lasts else None
    return Waiting(wait.hold.reason.label, until)
