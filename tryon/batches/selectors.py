"""Questions about batches."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from config.core import clock
from config.shops.abilities import Ability
from config.shops.callers import Caller, person_calling
from results.selectors import result_list_live
from tryon.accounts import accounts_of
from tryon.batches.models import Batch, BatchItem, BatchState, ItemState
from tryon.engine import governor
from tryon.models import ACTIVE, Account, Status, TryOnJob, account_label

# A claimed pair that is without a job for this time has lost its feeder.
LOST: Final = timedelta(minutes=1)
# The states in which a pair has cost something, or may.
PAYING: Final = (ItemState.QUEUED, ItemState.DONE, ItemState.FAILED, ItemState.CANCELED)
# A picture that comes later than this is lost: FASHN keeps none so long.
LATE: Final = timedelta(days=4)


def payer_of(batch: Batch) -> Caller | None:
    """Return the caller who asks for a batch's try-ons. None if the person may not start any (more)."""
    person = batch.created_by
    if not isinstance(person, User) or not person.is_active:
        return None
    caller = person_calling(person)
    return caller if caller.may(Ability.START_TRYONS) else None


def credits_taken(batch: Batch) -> int:
    """Return the credits that the batch has paid, with those that its jobs under way may cost."""
    taken = batch.items.filter(state__in=PAYING).order_by().aggregate(credits=Sum("credits"))
    return batch.paid_before + int(taken["credits"] or 0)


def credits_to_come(batch: Batch) -> int:
    """Return the credits that the waiting pairs cost."""
    waiting = batch.items.filter(state=ItemState.WAITING).order_by().aggregate(credits=Sum("credits"))
    return int(waiting["credits"] or 0)


def counts_of(batch: Batch) -> dict[str, int]:
    """Return the number of pairs in each state that some pair is in."""
    rows = batch.items.order_by().values_list("state").annotate(number=Count("pk"))
    return dict(rows)


def open_batches() -> QuerySet[Batch]:
    """Return the batches that have started and have something under way or to do."""
    return Batch.objects.filter(started_at__isnull=False, finished_at=None)


def batches_to_feed() -> QuerySet[Batch]:
    """Return the running batches whose time has come, in the order in which they get room."""
    due = Q(not_before=None) | Q(not_before__lte=clock.now())
    running = Batch.objects.filter(due, state=BatchState.RUNNING).select_related("created_by")
    return running.defer("selection").order_by("-priority", "created_at")


def items_under_way() -> QuerySet[BatchItem]:
    """Return the pairs of all batches that are under way."""
    return BatchItem.objects.filter(state=ItemState.QUEUED, batch__in=open_batches())


def is_job_of_batch_over(job_id: UUID) -> bool:
    """Return whether a job has ended that some batch waits for."""
    waiting = BatchItem.objects.filter(job=job_id, state=ItemState.QUEUED)
    return waiting.exclude(job__status__in=ACTIVE).exists()


def items_come_late() -> QuerySet[BatchItem]:
    """Return the failed pairs whose picture has come since: a rescue, or a retry of the job by a person."""
    recent = Batch.objects.filter(Q(finished_at=None) | Q(finished_at__gt=clock.now() - LATE))
    failed = BatchItem.objects.filter(state=ItemState.FAILED, batch__in=recent, job__isnull=False)
    # Said so that SQLite begins with the few pairs, and not with an index of all completed jobs (110 ms).
    return failed.exclude(job__status__in=[status for status in Status if status != Status.COMPLETED])


def items_outdated(batch: Batch) -> QuerySet[BatchItem]:
    """Return the pairs of a plan that counted on what is no longer there.

    That is a picture, somebody's job, or a photo that was erased or retired since.
    """
    live = result_list_live().filter(cache_key=OuterRef("cache_key"))
    active = TryOnJob.objects.filter(cache_key=OuterRef("cache_key"), status__in=ACTIVE)
    free = Q(state=ItemState.REUSED) | Q(state=ItemState.WAITING, job__isnull=False)
    unusable = Q(product_image=None) | Q(product_image__processed="") | Q(product_image__is_active=False)
    unusable |= Q(model_image=None) | Q(model_image__image="") | Q(model_image__is_active=False)
    return batch.items.filter(
        Q(free, ~Exists(live), ~Exists(active)) | Q(unusable, state=ItemState.WAITING)
    ).order_by()


class Balance(NamedTuple):
    """The balance at FASHN, in credits, and the time when FASHN told it.

    ``since`` is the condition for the calls that it may not have: each account tells at its own time.
    ``unknown`` has the names of the accounts that are not in the sum.
    """

    credits: int
    at: datetime
    since: Q
    unknown: list[str]


def balance_known() -> Balance | None:
    """Return the balance that FASHN told last, of all live accounts, None if it told none.

    What it told for a key that it refuses now does not count. It asks the database only.
    """
    names = accounts_of(Account.LIVE)
    asked = [account for account in names if governor.is_reachable(account)]
    # The money page keeps it, and its room stands above this one.
    told = list(apps.get_model("money", "Balance")._default_manager.filter(account__in=asked))
    if not told:
        return None
    since = Q()
    for each in told:
        since |= Q(account=each.account, submitted_at__gte=each.at)
    known = {each.account for each in told}
    unknown = [str(account_label(account)) for account in names if account not in known]
    return Balance(sum(each.credits for each in told), min(each.at for each in told), since, unknown)
