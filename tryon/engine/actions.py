"""The engine's actions for people and webhooks, called by services only.

The caller of an action that changes a job has already checked the requester's permission.
"""

from collections.abc import Iterable
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from config.core import clock
from config.core.constraints import violates
from tryon.accounts import queue_of
from tryon.engine import governor, lifecycle, queue, steps
from tryon.engine.advance import dispatch
from tryon.engine.inheritance import calls_in_flight, credits_to_pay, give_back, inherit
from tryon.engine.lifecycle import JobEdge
from tryon.engine.steps import look_after_pictures, release
from tryon.fashn.options import TryOnOptions
from tryon.models import (
    IN_FLIGHT,
    EventKind,
    NewOwner,
    Pause,
    Prediction,
    PredictionState,
    ProductImage,
    TryOnJob,
)
from tryon.selectors.predictions import usable_predictions

logger = structlog.stdlib.get_logger(__name__)


def enqueue(job: TryOnJob) -> None:
    """Insert a new job, let it inherit what earlier attempts have paid for, and call a worker.

    Raise TwinActive.
    """
    with transaction.atomic():
        _release(calls_in_flight(job.cache_key))
        job.price = price_of(job)
        lifecycle.enqueue(job)
        _call_a_worker(job, inherited=inherit(job, explicit=False))


def price_of(job: TryOnJob) -> int:
    """Return the credits that a new job would cost: without what earlier attempts at its recipe have paid."""
    return credits_of(job.cache_key, TryOnOptions.from_mapping(job.options))


def credits_of(cache_key: str, options: TryOnOptions) -> int:
    """Return the credits that a new job for a recipe would cost, as ``price_of``."""
    return credits_to_pay(cache_key, options)


def price_of_retry(job: TryOnJob) -> int:
    """Return the credits that a person's retry of a failed job costs. Raise OptionError for outdated ones."""
    return credits_to_pay(job.cache_key, TryOnOptions.from_mapping(job.options), explicit=True)


def price_jobs(account: str) -> None:
    """Price the jobs that an earlier release has inserted or started. It needs the account's lock."""
    steps.price_jobs(account)


def join(job: TryOnJob, *, in_a_hurry: bool) -> None:
    """Wake a job that one more requester waits for. ``in_a_hurry`` takes it out of the batch lane."""
    if in_a_hurry:
        lifecycle.hurry(job)
    # A dispatch that is running skips the row, because the caller has locked it. Call another one.
    queue.enqueue_dispatch()


def lock(job: TryOnJob) -> None:
    """Lock the job's row until the transaction ends, so that nobody else cancels, retries or joins it."""
    lifecycle.lock_job(job.pk)


def cancel(job: TryOnJob, *, by: str) -> bool:
    """Cancel a job and give back its slot. Return False if it has ended.

    FASHN can't stop a running prediction, so the engine asks later for one that may be paid.
    """
    with transaction.atomic():
        if not lifecycle.cancel(job, by=by):
            return False
        _release(job.predictions.filter(state__in=IN_FLIGHT))
        look_after_pictures(job)
    return True


def retry(
    job: TryOnJob, *, by: str, new_owner: NewOwner | None = None, request_id: UUID | None = None
) -> bool:
    """Make a failed job active. It only fetches a paid picture. Return False if the job has not failed.

    ``new_owner`` pays for what is missing, and the job counts for them; without one, for who it did before.
    ``request_id`` is noted. Raise OptionError for outdated options, and TwinActive.
    """
    noted = {} if request_id is None else {"request": str(request_id)}
    with transaction.atomic():
        lifecycle.lock_job(job.pk)
        _release(calls_in_flight(job.cache_key))
        price = price_of_retry(job)
        if not lifecycle.requeue(job, JobEdge.RETRY, price=price, new_owner=new_owner, by=by, **noted):
            return False
        _call_a_worker(job, inherited=inherit(job, explicit=True))
    return True


def _release(calls: QuerySet[Prediction]) -> None:
    for call in calls.select_for_update(of=("self",)):
        release(call)


def note_webhook(prediction: Prediction, *, provider_id: str) -> bool:
    """Have FASHN asked about a prediction that it says is done. Return whether its id was new to us.

    ``provider_id``, which may be empty, counts only if the submission got no answer, and no other prediction
    has it.
    """
    adopted = bool(provider_id) and not prediction.provider_id and _adopt(prediction, provider_id)
    if prediction.state == PredictionState.RUNNING:
        lifecycle.wake(prediction.job_id)
        queue.enqueue_advance(prediction.job_id)
    elif prediction.state == PredictionState.UNKNOWN and prediction.provider_id:
        lifecycle.let_go(prediction, rescue_at=clock.now())
        queue.enqueue_rescue(prediction.pk)
    return adopted


def _adopt(prediction: Prediction, provider_id: str) -> bool:
    try:
        return lifecycle.adopt(prediction, provider_id=provider_id)
    except IntegrityError as error:
        if not violates(error, Prediction, "prediction_provider_id_once"):
            raise
        # The picture would be another shopper's.
        logger.warning("webhook_names_another_call", job_id=str(prediction.job_id))
        return False


def _call_a_worker(job: TryOnJob, *, inherited: bool) -> None:
    if inherited:
        queue.enqueue_advance(job.pk)
    else:
        queue.enqueue_dispatch()


def note_removed_results(job_ids: Iterable[UUID], *, reason: str) -> None:
    """Record that the results of these jobs were removed."""
    lifecycle.record_for_all(job_ids, EventKind.RESULT_REMOVED, reason=reason)


def refuse_pictures(job: TryOnJob, *, code: str) -> None:
    """Mark a job's paid pictures as not usable, so that no later attempt at the recipe takes them over."""
    for prediction in usable_predictions(job):
        lifecycle.refuse_output(prediction, code=code)


def forget_copies(predictions: Iterable[Prediction]) -> list[str]:
    """Clear our copies of paid pictures in the rows. Return their storage keys, for removal."""
    keys: list[str] = []
    for prediction in predictions:
        key = str(prediction.kept.name)
        if lifecycle.forget_copy(prediction):
            keys.append(key)
    return keys


def change_photo(job: TryOnJob, photo: ProductImage) -> None:
    """Let the job go on with another copy of its product photo, because its own is erased."""
    lifecycle.change_photo(job, photo_id=photo.pk)


def pass_on(job: TryOnJob) -> None:
    """Let a job whose requester has left count for who has waited longest. The caller has locked the job.

    A shopper's job counts for the shop, which has a row too.
    """
    waiting = list(
        job.viewers.filter(left_at=None, shop="").order_by("pk").values_list("requester", flat=True)
    )
    if waiting and job.requester not in waiting:
        lifecycle.pass_on(job, to=waiting[0])


def leave_paid_pictures(job: TryOnJob, to: TryOnJob) -> None:
    """Hand what an ended job has paid for, or may have, over to another ended job of the same recipe.

    The caller holds the lock of their account.
    """
    give_back(job, to)


def erase(job: TryOnJob, *, by: str) -> list[str]:
    """Forget an ended job's recipe and paid pictures, so that no later attempt takes them over.

    Return the storage keys of our copies, for removal. The caller has locked the job.
    """
    lifecycle.erase(job, by=by)
    paid = job.predictions.filter(state=PredictionState.SUCCEEDED).order_by("pk")
    keys = []
    for prediction in paid.select_for_update(of=("self",)):
        keys.append(str(prediction.kept.name or ""))
        lifecycle.erase_picture(prediction)
    return keys


def forget_shopper(job: TryOnJob, shopper: str) -> None:
    """Take the name of an erased shopper from a job's history. The caller has locked the job."""
    lifecycle.forget_shopper(job, shopper=shopper)


def pause(account: str) -> None:
    """Start no more jobs on the account, until ``resume``."""
    governor.pause(account, Pause.OPERATOR)


def resume(account: str) -> None:
    """Start jobs on the account again, whatever the reason for the pause."""
    governor.resume(account)
    dispatch(queue_of(account))
