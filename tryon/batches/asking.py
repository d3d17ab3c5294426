"""The request for the job of a claimed pair.

The job and the note of it are one transaction. A feeder that is killed before its end leaves a claimed pair
without a job, which is asked for again. One that stood still so long that another has taken it for lost finds
its claim gone, and asks for nothing.
"""

from dataclasses import replace

from django.db import transaction
from django.db.models import QuerySet

from config.core import clock
from config.core.errors import DomainError
from config.shops.callers import Caller
from tryon.batches.models import BatchItem, BatchState, ItemState
from tryon.batches.orders import UNASKED, give_back
from tryon.batches.selectors import LOST, items_under_way, payer_of
from tryon.batches.words import english
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import Lane, Status, TryOnJob
from tryon.services.credits import UsedUp
from tryon.services.generate import PriceRose, tryon_generate
from tryon.services.jobs import job_retry
from tryon.services.limits import QueueFull
from tryon.services.pairs import Pair, problem_of
from tryon.services.reuse import Reuse


def ask_for_lost() -> None:
    """Ask again for the pairs whose feeder has gone between the claim and the job."""
    lost = items_under_way().filter(job=None, asked_at__lt=clock.now() - LOST)
    for item in lost.select_related("batch__created_by", "product_image", "model_image"):
        payer = payer_of(item.batch)
        try:
            options = TryOnOptions.from_mapping(item.batch.options)
        except OptionError:
            payer = None
        is_running = item.batch.state == BatchState.RUNNING
        if payer is None or not is_running or not ask(item, payer, options):
            give_back(item, item.batch.state)


def ask(item: BatchItem, payer: Caller, options: TryOnOptions) -> bool:
    """Ask for a claimed pair's job, and note it. Return False if no more can be asked for now.

    ``options`` are the batch's; the pair has its own seed.
    """
    options = replace(options, seed=item.seed)
    claimed = BatchItem.objects.filter(pk=item.pk, state=ItemState.QUEUED, asked_at=item.asked_at)
    if (problem := problem_of(Pair(item.product_image, item.model_image), options)) is not None:
        return _block(claimed, problem.value, problem.label)
    try:
        with transaction.atomic():
            # A change, and not only a lock: who waits to settle the pair finds that it was asked for again.
            if claimed.update(asked_at=clock.now()):
                _ask(item, payer, options)
    except PriceRose as rose:
        # The claim of the next round finds out if the batch can pay for it.
        claimed.update(state=ItemState.WAITING, credits=rose.credits, **UNASKED)
    except (QueueFull, UsedUp):
        return False
    except DomainError as error:
        return _block(claimed, error.code, error.message)
    return True


def _ask(item: BatchItem, payer: Caller, options: TryOnOptions) -> None:
    """Retry the failed job of a pair, or else find or make one. The batch pays for what is made for it."""
    if item.product_image_id is None or item.model_image_id is None:
        raise ValueError("A pair without a photo can't be asked for.")
    if item.job is not None and item.job.status == Status.FAILED:
        job = job_retry(item.job, payer, lane=Lane.BULK)
        _note(item, job, item.credits if job.pk == item.job_id else None)
        return
    generated = tryon_generate(
        caller=payer,
        product_image_id=item.product_image_id,
        model_image_id=item.model_image_id,
        options=options,
        lane=Lane.BULK,
        most_credits=item.credits,
    )
    _note(item, generated.job, generated.credits if generated.reuse is Reuse.MISS else None)


def _note(item: BatchItem, job: TryOnJob, credits: int | None) -> None:
    """Note a pair's job, and the credits that the batch pays for it: None for a job that others pay."""
    is_there = credits is None and job.status == Status.COMPLETED
    BatchItem.objects.filter(pk=item.pk).update(
        job=job,
        cache_key=job.cache_key,
        credits=credits or 0,
        state=ItemState.REUSED if is_there else ItemState.QUEUED,
    )


def _block(claimed: QuerySet[BatchItem], code: str, words: object) -> bool:
    blocked = {"state": ItemState.BLOCKED, "credits": 0, "error_code": code, "error_message": english(words)}
    claimed.update(**blocked)
    return True
