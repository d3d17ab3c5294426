"""The limits on what may be queued: credits a day, and jobs of one requester."""

import math
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from tryon.accounts import terms_of
from tryon.engine import actions, governor
from tryon.models import Lane, PredictionState, Status, TryOnJob
from tryon.services.credits import DailyLimitTooLow, UsedUp, check_credits


class DailyLimitReached(UsedUp):
    code: ClassVar[str] = "daily_limit_reached"
    message: Any = _("Today's try-ons are used up. Try again tomorrow.")


class QueueFull(DomainError):
    code: ClassVar[str] = "queue_full"
    status: ClassVar[int] = 429
    retryable: ClassVar[bool] = True
    message: Any = _("You have too many try-ons in the queue. Wait until some have started.")
    # A guess: a slot frees every few seconds, and the other jobs of a full queue want some of them too.
    wait: ClassVar[int] = 30  # seconds, for Retry-After


def check_limits(job: TryOnJob) -> None:
    """Refuse a job that has just been queued, so that the caller's transaction takes it back.

    The caller has held the lock of its account since before the job was queued, so of many requests at the
    same time no more stay than there is room for. A batch may wait for tomorrow, but a shopper does not. A
    job that only fetches what is paid needs no room, and one that waits for a paid step needs room for those
    after it. Raise DailyLimitTooLow, DailyLimitReached, QueueFull, and as ``check_credits``.
    """
    rows = TryOnJob.objects.values_list("status", "price", "requester")
    status, price, requester = rows.get(pk=job.pk)
    if status != Status.QUEUED and price == 0:
        return
    limit = terms_of(job.account).daily_limit
    if limit and price > limit:
        raise DailyLimitTooLow
    if job.lane == Lane.INTERACTIVE:
        _check_budget(job.account, price)
    check_credits(job)
    if status == Status.QUEUED:
        _check_queue(job.account, requester)


def check_hurry(job: TryOnJob) -> None:
    """Refuse a shopper who needs a job of a batch that today's credits do not cover.

    Ahead of the batch, it needs what the batch leaves to shoppers. The caller has locked the governor, so of
    many shoppers at the same time no more hurry than there is room for, and the job. Raise DailyLimitReached.
    """
    reserved = job.predictions.filter(state=PredictionState.RESERVED).aggregate(credits=Sum("price"))
    price = job.price + (reserved["credits"] or 0)  # all that is not sent yet
    if job.lane != Lane.BULK or not price:
        return
    left = governor.credits_left_for_batches(job.account)
    if left is None:
        return
    if job.status == Status.QUEUED:  # else its credits are counted as under way
        left -= job.price
    if left < 0:
        raise _used_up(job.account, price, left)


def _check_budget(account: str, price: int) -> None:
    if terms_of(account).daily_limit:
        actions.price_jobs(account)
    left = governor.credits_unspoken_for(account)
    if left is not None and left < 0:
        raise _used_up(account, price, left)


def _used_up(account: str, price: int, left: int) -> DailyLimitReached:
    midnight = governor.next_day()
    return DailyLimitReached(
        details={
            "limit": terms_of(account).daily_limit,
            "creditsNeeded": price,
            "creditsLeft": max(0, left + price),
            "resetsAt": midnight.at.isoformat(),
        },
        wait=math.ceil(midnight.seconds),
    )


def _check_queue(account: str, requester: str) -> None:
    most = settings.QUEUE_PER_REQUESTER
    waiting = TryOnJob.objects.filter(account=account, status=Status.QUEUED, requester=requester)
    if waiting.count() > most:
        raise QueueFull(details={"limit": most})
