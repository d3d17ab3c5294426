"""The orders of a person about a batch. Each is one conditional change: who comes second changes nothing."""

from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Sum

from config.core import clock
from config.core.errors import DomainError
from config.core.rows import first_or
from config.people.audit import note
from config.people.models import Decision
from config.shops.abilities import SHOPPING
from config.shops.callers import PERSON, Caller
from tryon.batches.errors import (
    AlreadyStarted,
    BatchRefused,
    NothingToStart,
    NotNow,
    PriceChanged,
    StillPlanned,
)
from tryon.batches.models import LIVE, PLANS, Batch, BatchItem, BatchState, ItemState
from tryon.batches.plans import plan_recount
from tryon.batches.selectors import credits_taken, credits_to_come, items_outdated
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import Status, TryOnJob
from tryon.services.background import batches_later
from tryon.services.jobs import job_cancel

# A pair that nothing was asked for.
UNASKED: Final[dict[str, Any]] = {"job": None, "asked_at": None, "error_code": "", "error_message": ""}
CANCELED: Final[dict[str, Any]] = {"state": ItemState.CANCELED, "credits": 0, **UNASKED}


def batch_start(batch: Batch, person: User, *, confirmed: int) -> None:
    """Start a plan for the credits that the person has confirmed, and no more.

    Of two people who press at once, one starts it. Raise AlreadyStarted, StillPlanned, NothingToStart, and
    PriceChanged where it costs another number than the person has seen.
    """
    if batch.state == BatchState.READY and items_outdated(batch).exists():
        plan_recount(batch)
    with transaction.atomic():
        to_make = BatchItem.objects.filter(batch=OuterRef("pk"), state=ItemState.WAITING)
        plan = Batch.objects.filter(Exists(to_make), pk=batch.pk, state=BatchState.READY, price=confirmed)
        started = {"state": BatchState.RUNNING, "max_credits": confirmed, "started_at": clock.now()}
        if not plan.update(**started, selection={}):
            raise _refusal_to_start(batch, confirmed)
        note(person, batch, Decision.START, credits=confirmed, pairs=batch.pairs)
    batch.refresh_from_db()
    batches_later()


def _refusal_to_start(batch: Batch, confirmed: int) -> BatchRefused:
    batch.refresh_from_db()
    if batch.state == BatchState.CREATING:
        return StillPlanned()
    if batch.state != BatchState.READY:
        return AlreadyStarted()
    return PriceChanged() if batch.price != confirmed else NothingToStart()


def plan_discard(batch: Batch) -> None:
    """Remove a plan that has not started. Raise AlreadyStarted."""
    gone, _rows = Batch.objects.filter(pk=batch.pk, state__in=PLANS).delete()
    if not gone:
        raise AlreadyStarted


def batch_pause(batch: Batch, person: User) -> None:
    """Start no more of the batch. What is queued returns to it, what is at FASHN finishes. Raise NotNow."""
    with transaction.atomic():
        _change(batch, [BatchState.RUNNING], state=BatchState.PAUSED, pause_code="")
        note(person, batch, Decision.PAUSE)
    withdraw(batch)


def batch_resume(batch: Batch, person: User, *, confirmed: int = 0) -> None:
    """Go on with a paused batch. ``confirmed`` are the credits that it may pay beyond those confirmed before.

    Raise NotNow, and PriceChanged where it costs more than that.
    """
    with transaction.atomic():
        locked = _locked(batch, [BatchState.PAUSED])
        further = credits_missing(locked)
        if further > confirmed:
            raise PriceChanged
        locked.state, locked.pause_code = BatchState.RUNNING, ""
        locked.max_credits = (locked.max_credits or 0) + further
        locked.save(update_fields=["state", "pause_code", "max_credits"])
        note(person, batch, Decision.RESUME, credits=further)
    batch.refresh_from_db()
    batches_later()


def credits_missing(batch: Batch) -> int:
    """Return the credits that the rest of the batch costs beyond what was confirmed."""
    return max(0, credits_taken(batch) + credits_to_come(batch) - (batch.max_credits or 0))


def batch_cancel(batch: Batch, person: User) -> None:
    """Cancel what has not started. What is at FASHN finishes, and its pictures are kept. Raise NotNow."""
    with transaction.atomic():
        _change(batch, LIVE, state=BatchState.CANCELED, pause_code="")
        _cancel_waiting(batch)
        note(person, batch, Decision.CANCEL)
    withdraw(batch)
    batches_later()


def retry_price(batch: Batch) -> int:
    """Return the most that a retry of the failed pairs costs, in credits. What is paid is paid once only.

    It is 0 for outdated options, with which nothing can be tried again.
    """
    failed = batch.items.filter(state=ItemState.FAILED).count()
    try:
        return failed * total_credits(TryOnOptions.from_mapping(batch.options))
    except OptionError:
        return 0


def batch_retry(batch: Batch, person: User, *, confirmed: int) -> None:
    """Let the failed pairs wait again, for at most the credits that the person has confirmed.

    Raise NotNow without a failed pair, and PriceChanged.
    """
    with transaction.atomic():
        locked = _locked(batch, [*LIVE, BatchState.DONE])
        price, failed = retry_price(locked), locked.items.filter(state=ItemState.FAILED)
        if not price:
            raise NotNow
        if price != confirmed:
            raise PriceChanged
        spent = failed.order_by().aggregate(credits=Sum("credits"))["credits"] or 0
        again = {"state": ItemState.WAITING, "credits": price // failed.count()}
        failed.update(**again, asked_at=None, error_code="", error_message="")  # the job stays: it is retried
        locked.paid_before += spent
        # What else is missing was not confirmed here: ``batch_resume`` asks for it.
        locked.max_credits = (locked.max_credits or 0) + min(price, credits_missing(locked))
        if locked.state == BatchState.DONE:
            locked.state = BatchState.RUNNING
        locked.finished_at = locked.told_at = None
        locked.save(update_fields=["paid_before", "max_credits", "state", "finished_at", "told_at"])
        note(person, batch, Decision.RETRY, credits=price)
    batch.refresh_from_db()
    batches_later()


def batch_change(
    batch: Batch,
    person: User,
    *,
    priority: int,
    not_before: datetime | None,
    credit_floor: int | None,
) -> None:
    """Change a batch's turn among the others. Raise NotNow if it has ended."""
    changes = {"priority": priority, "not_before": not_before, "credit_floor": credit_floor}
    with transaction.atomic():
        _change(batch, [*PLANS, *LIVE], **changes)
        note(person, batch, Decision.BULK_EDIT, priority=priority, credit_floor=credit_floor)
    batches_later()


def withdraw(batch: Batch) -> None:
    """Take a stopped batch's queued jobs back, unless somebody else wants them. Those at FASHN go on."""
    if batch.state == BatchState.CANCELED:  # a feeder may have given some back since
        _cancel_waiting(batch)
    under_way = BatchItem.objects.filter(state=ItemState.QUEUED)
    wanted = under_way.filter(job=OuterRef("job"), batch__state=BatchState.RUNNING).exclude(batch=batch)
    queued = batch.items.filter(state=ItemState.QUEUED, job__status=Status.QUEUED).select_related("job")
    for item in queued.filter(~Exists(wanted)):
        if item.job is None or (leaving := _leaving(batch, item.job)) is None:
            continue
        try:
            job_cancel(item.job, leaving, only_queued=True)
        except DomainError:
            continue  # it has started, or ended
        same = under_way.filter(job=item.job, batch__created_by=batch.created_by_id)
        for one in same.select_related("batch"):
            give_back(one, one.batch.state)


def _cancel_waiting(batch: Batch) -> None:
    waiting = batch.items.filter(state=ItemState.WAITING)
    # A retry keeps its failed job: what that has cost is the batch's.
    waiting.filter(credits__gt=0).update(**{**CANCELED, "job": F("job")})
    waiting.update(**CANCELED)


def _leaving(batch: Batch, job: TryOnJob) -> Caller | None:
    """Return who leaves a job: the batch's person, whatever they may do by now.

    They can't cancel the jobs of others: these keep theirs. Of a deleted person, only the job has the name.
    """
    if batch.created_by_id is not None:
        return Caller(f"{PERSON}{batch.created_by_id}", abilities=SHOPPING)
    key = job.requester.removeprefix(PERSON)
    is_gone = key != job.requester and not User.objects.filter(pk=key).exists()
    return Caller(job.requester, abilities=SHOPPING) if is_gone else None


def give_back(item: BatchItem, state: str) -> None:
    """Let a pair for which nothing is under way wait again, or end it with its canceled batch."""
    mine = BatchItem.objects.filter(pk=item.pk, state=ItemState.QUEUED, job=item.job_id)
    if state == BatchState.CANCELED:
        mine.update(**CANCELED)
    else:
        mine.update(state=ItemState.WAITING, **UNASKED)


def _change(batch: Batch, states: Any, **changes: Any) -> None:
    """Change a batch that is in one of the states. Raise NotNow if it is in another."""
    if not Batch.objects.filter(pk=batch.pk, state__in=states).update(**changes):
        raise NotNow
    batch.refresh_from_db()


def _locked(batch: Batch, states: Any) -> Batch:
    """Return the batch, locked until the transaction ends. Raise NotNow if it is in another state."""
    return first_or(NotNow, Batch.objects.select_for_update().filter(pk=batch.pk, state__in=states))
