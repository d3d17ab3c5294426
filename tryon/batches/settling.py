"""The ends of pairs and of batches: what their jobs have come to, and what they did cost."""

from typing import Final

from django.db import transaction
from django.db.models import F, Q, Sum

from config.core import clock
from tryon.batches.models import LIVE, Batch, BatchItem, BatchState, ItemState
from tryon.batches.selectors import LOST, counts_of, items_come_late, items_under_way, open_batches
from tryon.batches.words import english
from tryon.failures import FailureCode
from tryon.models import ACTIVE, IN_FLIGHT, PredictionState, Status, TryOnJob

ENDS: Final = {
    Status.COMPLETED: ItemState.DONE,
    Status.FAILED: ItemState.FAILED,
    Status.CANCELED: ItemState.CANCELED,
}


def settle() -> None:
    """Note what the jobs of batches have come to, and what they did cost."""
    # A retry's job was failed before it is asked for. It counts once it has changed since.
    is_answer = Q(job__updated_at__gte=F("asked_at")) | Q(asked_at__lt=clock.now() - LOST)
    ended = items_under_way().filter(is_answer, job__isnull=False).exclude(job__status__in=ACTIVE)
    for item in ended.select_related("job"):
        if item.job is not None:
            _settle_one(item, item.job)
    for pk in items_come_late().values_list("pk", flat=True):
        came = BatchItem.objects.filter(pk=pk, state=ItemState.FAILED)
        came.update(state=ItemState.DONE, error_code="", error_message="")


def _settle_one(item: BatchItem, job: TryOnJob) -> None:
    state = ENDS[Status(job.status)]
    is_known = job.error_code in FailureCode
    same = BatchItem.objects.filter(pk=item.pk, state=ItemState.QUEUED, job=job, asked_at=item.asked_at)
    same.update(
        state=state,
        credits=_credits_of(job, item) if item.credits else 0,
        error_code=job.error_code if state == ItemState.FAILED else "",
        error_message=english(FailureCode(job.error_code).label) if is_known else "",
    )


def _credits_of(job: TryOnJob, item: BatchItem) -> int:
    """Return what the calls since the request have cost, and what those without an answer may cost."""
    calls = job.predictions.filter(created_at__gte=item.asked_at).order_by()
    may_cost = Q(state__in=[PredictionState.UNKNOWN, *IN_FLIGHT])
    sums = calls.aggregate(
        paid=Sum("credits_used", filter=Q(state=PredictionState.SUCCEEDED)),
        open=Sum("price", filter=may_cost),
    )
    return (sums["paid"] or 0) + (sums["open"] or 0)


def finish_all() -> None:
    """Note the counts of all open batches, and the end of those in which nothing is left to do."""
    for batch in open_batches().defer("selection"):
        counts = counts_of(batch)
        if counts != batch.counts:
            Batch.objects.filter(pk=batch.pk).update(counts=counts)
        if not counts.keys() & {ItemState.WAITING, ItemState.QUEUED}:
            _finish(batch)


def _finish(batch: Batch) -> None:
    with transaction.atomic():
        locked = open_batches().select_for_update().filter(pk=batch.pk).first()
        if locked is None or counts_of(locked).keys() & {ItemState.WAITING, ItemState.QUEUED}:
            return  # a retry was first
        locked.state = BatchState.DONE if locked.state in LIVE else locked.state
        locked.finished_at = clock.now()
        locked.save(update_fields=["state", "finished_at"])
