"""The engine's actions for people and webhooks. Services call these; the rest of the engine calls itself.

Each that changes a job expects the caller to have checked who may ask for it.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from config.core import clock
from tryon.engine import governor, lifecycle, queue
from tryon.engine.advance import dispatch
from tryon.engine.inheritance import inherit
from tryon.engine.lifecycle import JobEdge
from tryon.engine.steps import release
from tryon.models import IN_FLIGHT, EventKind, Pause, Prediction, PredictionState, TryOnJob


def enqueue(job: TryOnJob) -> None:
    """Insert a new job and call a worker for it. It takes over what earlier attempts have paid for.

    Raises IntegrityError where an identical job is active.
    """
    with transaction.atomic():
        lifecycle.enqueue(job)
        inherit(job, explicit=False)
        queue.enqueue_advance(job.pk)


def join(job: TryOnJob, *, in_a_hurry: bool) -> None:
    """One more requester waits for a job; ``in_a_hurry`` takes it out of a batch's lane."""
    if in_a_hurry:
        lifecycle.hurry(job)
    # A dispatch that runs now skips the row that the caller holds locked: call another.
    queue.enqueue_advance(job.pk)


def lock(job: TryOnJob) -> None:
    """Lock the job's row until the transaction ends: nobody else cancels, retries or joins it."""
    lifecycle.lock_job(job.pk)


def cancel(job: TryOnJob, *, by: str) -> bool:
    """Cancel a job, and give back its slot. Return False if it has ended.

    FASHN can't stop what it works on: what may be paid there is asked for later.
    """
    with transaction.atomic():
        if not lifecycle.cancel(job, by=by):
            return False
        for prediction in job.predictions.filter(state__in=IN_FLIGHT):
            release(prediction)
    return True


def retry(job: TryOnJob, *, by: str) -> bool:
    """Failed to active. What is paid for is only fetched. Return False if the job has not failed.

    Raises OptionError for options of another time, and IntegrityError where an identical job is active.
    """
    with transaction.atomic():
        lifecycle.lock_job(job.pk)
        if not lifecycle.requeue(job, JobEdge.RETRY, by=by):
            return False
        inherit(job, explicit=True)
        queue.enqueue_advance(job.pk)
    return True


def note_webhook(prediction: Prediction, *, provider_id: str) -> bool:
    """Have FASHN asked about a prediction that it says is done. Return whether its id was news.

    ``provider_id`` counts only where the submission was never answered; it may be empty.
    """
    adopted = bool(provider_id) and not prediction.provider_id
    adopted = adopted and lifecycle.adopt(prediction, provider_id=provider_id)
    if prediction.state == PredictionState.RUNNING:
        lifecycle.wake(prediction.job_id)
        queue.enqueue_advance(prediction.job_id)
    elif prediction.state == PredictionState.UNKNOWN and prediction.provider_id:
        lifecycle.let_go(prediction, rescue_at=clock.now())
        queue.enqueue_rescue(prediction.pk)
    return adopted


def note_removed_results(job_ids: Iterable[UUID], *, reason: str) -> None:
    """The results of these jobs were removed."""
    lifecycle.record_for_all(job_ids, EventKind.RESULT_REMOVED, reason=reason)


def forget_copies(predictions: Iterable[Prediction]) -> list[str]:
    """Take our own copies of paid pictures out of the rows. Return their storage keys, for removal."""
    keys: list[str] = []
    for prediction in predictions:
        key = str(prediction.kept.name)
        if lifecycle.forget_copy(prediction):
            keys.append(key)
    return keys


def pause() -> None:
    """Start no more jobs, until ``resume``."""
    governor.pause(Pause.OPERATOR)


def resume() -> None:
    """Start jobs again, whatever the pause was for."""
    governor.resume()
    dispatch()
