"""The request for the job of a claimed pair.

A feeder may be killed between the job and the note of it. The pair is then asked for again, and what the
lost request has made is found by its recipe, its requester and its time.
"""

from uuid import NAMESPACE_OID, UUID, uuid5

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
from tryon.services.pairs import Pair, pair_key, problem_of


def ask_for_lost() -> None:
    """Ask again for the pairs whose feeder has gone between the claim and the job."""
    lost = items_under_way().filter(job=None, asked_at__lt=clock.now() - LOST)
    for item in lost.select_related("batch__created_by", "product_image", "model_image"):
        payer = payer_of(item.batch)
        try:
            options = TryOnOptions.from_mapping(item.batch.options)
        except OptionError:
            give_back(item, item.batch.state)
            continue
        is_running = item.batch.state == BatchState.RUNNING
        if payer is not None and is_running:
            if not ask(item, payer, options):
                give_back(item, item.batch.state)
        elif payer is not None and (job := _made_before(item, payer, options)) is not None:
            _note(item, job, payer, item.credits)
        else:
            give_back(item, item.batch.state)


def ask(item: BatchItem, payer: Caller, options: TryOnOptions) -> bool:
    """Ask for a claimed pair's job, and note it. Return False if no more can be asked for now."""
    pair = Pair(item.product_image, item.model_image)
    if (problem := problem_of(pair, options)) is not None:
        return _block(item, problem.value, problem.label)
    try:
        if (job := _made_before(item, payer, options)) is not None:
            _note(item, job, payer, item.credits)
        elif item.job is not None and item.job.status == Status.FAILED:
            job = job_retry(item.job, payer, request_id=_request_id(item), lane=Lane.BULK)
            _note(item, job, payer, item.credits)
        else:
            _generate(item, payer, options)
    except PriceRose as rose:
        # The claim of the next round finds out if the batch can pay for it.
        waiting = {"state": ItemState.WAITING, "credits": rose.credits, **UNASKED}
        BatchItem.objects.filter(pk=item.pk, state=ItemState.QUEUED).update(**waiting)
    except (QueueFull, UsedUp):
        return False
    except DomainError as error:
        return _block(item, error.code, error.message)
    return True


def _generate(item: BatchItem, payer: Caller, options: TryOnOptions) -> None:
    if item.product_image_id is None or item.model_image_id is None:
        raise ValueError("A pair without a photo can't be asked for.")
    generated = tryon_generate(
        caller=payer,
        product_image_id=item.product_image_id,
        model_image_id=item.model_image_id,
        options=options,
        lane=Lane.BULK,
        most_credits=item.credits,
    )
    _note(item, generated.job, payer, generated.credits)


def _request_id(item: BatchItem) -> UUID:
    """Return the name of the request for a retry: sent again after a break, it pays no second time."""
    return uuid5(NAMESPACE_OID, f"{item.pk} {item.asked_at}")


def _made_before(item: BatchItem, payer: Caller, options: TryOnOptions) -> TryOnJob | None:
    """Return the job that an earlier request for this claim has made, whatever has become of it."""
    pair = Pair(item.product_image, item.model_image)
    if problem_of(pair, options) is not None:
        return None
    made = TryOnJob.objects.filter(
        cache_key=pair_key(pair, options), requester=payer.owner, created_at__gte=item.asked_at
    )
    return made.exclude(batch_items__credits__gt=0).order_by("-created_at").first()


def _note(item: BatchItem, job: TryOnJob, payer: Caller, credits: int) -> None:
    """Note a pair's job. The batch pays for it if its own request has made it, or has retried it."""
    is_new = item.asked_at is not None and job.created_at >= item.asked_at and job.requester == payer.owner
    others = BatchItem.objects.filter(job=job, credits__gt=0).exclude(pk=item.pk)
    is_own = job.pk == item.job_id or (is_new and not others.exists())
    is_there = job.status == Status.COMPLETED and not is_own
    BatchItem.objects.filter(pk=item.pk, state=ItemState.QUEUED, job=item.job_id).update(
        job=job,
        cache_key=job.cache_key,
        credits=credits if is_own else 0,
        state=ItemState.REUSED if is_there else ItemState.QUEUED,
    )


def _block(item: BatchItem, code: str, words: object) -> bool:
    blocked = {"state": ItemState.BLOCKED, "credits": 0, "error_code": code, "error_message": english(words)}
    BatchItem.objects.filter(pk=item.pk, state=ItemState.QUEUED).update(**blocked)
    return True
