"""The limits on what may be queued: credits a day, and jobs of one requester."""

import math
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from tryon.accounts import terms_of
from tryon.engine import actions, governor
from tryon.models import EventKind, JobEvent, Lane, PredictionState, Status, TryOnJob
from tryon.services.credits import DailyLimitTooLow, UsedUp, check_credits

# The requester of a visitor of the demo shop begins with it.
VISITOR: Final = "visitor:"


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


class VisitorLimitReached(UsedUp):
    code: ClassVar[str] = "visitor_limit_reached"
    message: Any = _("You have started as many try-ons as one visitor may for now. Try again later.")


def check_limits(job: TryOnJob, *, by: str) -> None:
    """Refuse a job that has just been queued, so that the caller's transaction takes it back.

    ``by`` is who asks: the job's requester or, for a retry, another.

    The caller has held the lock of its account since before the job was queued, so of many requests at the
    same time no more stay than there is room for. A batch may wait for tomorrow, but a shopper does not. A
    job that only fetches what is paid needs no room, and one that waits for a paid step needs room for those
    after it. Raise DailyLimitTooLow, DailyLimitReached, QueueFull, VisitorLimitReached for a visitor of the
    demo shop, and as ``check_credits``.
    """
    rows = TryOnJob.objects.values_list("status", "price", "requester")
    status, price, requester = rows.get(pk=job.pk)
    if status != Status.QUEUED and price == 0:
        return
    if by.startswith(VISITOR):
        _check_visitor(by)
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


def _check_visitor(requester: str) -> None:
    """Refuse the latest start of a visitor's if it is one too many. A start is a new job, or a retry."""
    now = clock.now()
    # Not by the job's requester: another may have taken over.
    queued = JobEvent.objects.filter(kind=EventKind.QUEUED, data__requester=requester)
    retried = JobEvent.objects.filter(kind=EventKind.RETRIED, data__by=requester)  # of others' jobs too
    windows = (
        (timedelta(days=1), settings.DEMO_TRYONS_PER_DAY),
        (timedelta(hours=1), settings.DEMO_TRYONS_PER_HOUR),
    )
    for window, most in windows:
        # The newest start is the one that asks. There is room when the one `most` before it is too old.
        starts: list[datetime] = []
        for events in (queued, retried):
            latest = events.filter(at__gt=now - window).order_by("-at", "-pk")
            starts += latest.values_list("at", flat=True)[: most + 1]
        if len(starts) > most:
            free = sorted(starts, reverse=True)[most] + window
            raise VisitorLimitReached(
                wait=math.ceil((free - now).total_seconds()),
                details={"limit": most, "hours": window // timedelta(hours=1), "resetsAt": free.isoformat()},
            )


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
