"""Claims: a pair is claimed with the most that it may cost, before its job is asked for.

So a batch never pays more than was confirmed, however many feeders work and wherever one is killed.
"""

from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import Case, F, When

from config.core import clock
from tryon.batches.models import Batch, BatchItem, BatchState, ItemState, PauseCode
from tryon.batches.selectors import balance_known, credits_taken, items_under_way
from tryon.engine import governor
from tryon.engine.governor import Part
from tryon.models import Prediction, PredictionState

logger = structlog.stdlib.get_logger(__name__)


class BalanceUnknown(Exception):
    """FASHN has not told its balance yet. The batch waits until it does."""


@dataclass(slots=True)
class Purse:
    """The credits that a batch may take now. ``above_floor`` is None for a batch without a floor."""

    confirmed: int
    above_floor: int | None

    def refusal_of(self, credits: int) -> PauseCode | None:
        """Take credits, or return the reason why they can't be taken."""
        if credits > self.confirmed:
            return PauseCode.PRICE_ROSE
        if self.above_floor is not None and credits > self.above_floor:
            return PauseCode.CREDIT_FLOOR
        self.confirmed -= credits
        self.above_floor = None if self.above_floor is None else self.above_floor - credits
        return None


def claim(batch: Batch, room: int) -> list[BatchItem]:
    """Claim at most ``room`` of the next pairs. One that the batch can't pay for stops the batch."""
    with transaction.atomic():
        locked = Batch.objects.select_for_update().filter(pk=batch.pk, state=BatchState.RUNNING).first()
        if locked is None:
            return []
        try:
            purse = Purse((locked.max_credits or 0) - credits_taken(locked), credits_above_floor(locked))
        except BalanceUnknown:
            return []
        chosen: list[BatchItem] = []
        for item in locked.items.filter(state=ItemState.WAITING).order_by("id")[:room]:
            if (refusal := purse.refusal_of(item.credits)) is not None:
                if not chosen:
                    stop(locked, refusal)
                break
            chosen.append(item)
        _mark([item.pk for item in chosen])
    claimed = BatchItem.objects.filter(pk__in=[item.pk for item in chosen]).order_by("id")
    return list(claimed.select_related("product_image", "model_image", "job"))


def stop(batch: Batch, code: PauseCode) -> int:
    """Pause a running batch until a person decides. Return 0, the number of pairs claimed."""
    running = Batch.objects.filter(pk=batch.pk, state=BatchState.RUNNING)
    if running.update(state=BatchState.PAUSED, pause_code=code):
        logger.warning("batch_stopped", batch=str(batch.pk), code=code.value)
    return 0


def _mark(keys: list[int]) -> None:
    items = BatchItem.objects.filter(pk__in=keys)
    # Only a retry costs something and has a job: its failed one, which goes on. Another's job is looked for.
    items.filter(credits=0).update(job=None)
    items.update(state=ItemState.QUEUED, asked_at=clock.now())


def credits_above_floor(batch: Batch) -> int | None:
    """Return the credits that FASHN's balance has above the batch's floor, None without a floor.

    The balance was told some time ago. What is paid since counts as gone, and so does what the pairs under
    way may still cost: without the calls of theirs that were sent. Raise BalanceUnknown.
    """
    if batch.credit_floor is None:
        return None
    balance = balance_known()
    if balance is None:
        raise BalanceUnknown
    calls = Prediction.objects.exclude(state=PredictionState.FAILED)
    price = Case(When(state=PredictionState.SUCCEEDED, then=F("credits_used")), default=F("price"))
    paying = items_under_way().filter(credits__gt=0)
    sent = calls.filter(
        submitted_at__isnull=False,
        job__batch_items__in=paying.order_by(),
        created_at__gte=F("job__batch_items__asked_at"),
    )
    spent, most, of_it = governor.sums(
        Part(calls.filter(balance.since), price), Part(paying, "credits"), Part(sent)
    )
    return balance.credits - spent - max(0, most - of_it) - batch.credit_floor
