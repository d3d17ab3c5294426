"""What becomes of a job that could not go on: another try, a wait for the webhook, or failure."""

import random
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from config.core import clock
from tryon.engine import lifecycle, queue
from tryon.engine.lifecycle import JobEdge
from tryon.failures import FailureCode
from tryon.models import Prediction, PredictionState, TryOnJob
from tryon.selectors import FASHN_KEEPS_PICTURES, usable_predictions
from tryon.timing import progress_now

logger = structlog.stdlib.get_logger(__name__)

FIRST_RESCUE: Final = timedelta(seconds=30)
LONGEST_RESCUE_WAIT: Final = timedelta(hours=1)


def give_up_or_retry(job: TryOnJob, prediction: Prediction, code: FailureCode, *, permanent: bool) -> None:
    """Fail the job, or let it wait its back-off and start again with a new prediction."""
    if permanent or job.retry_count >= settings.QUEUE_MAX_RETRIES:
        fail(job, prediction, code)
    else:
        back_off(job, code=code, seconds=back_off_seconds(job.retry_count), counts=True)


def back_off(job: TryOnJob, *, code: str, seconds: float, counts: bool) -> None:
    """Back to the queue, not before so many seconds from now."""
    until = clock.now() + timedelta(seconds=seconds)
    with transaction.atomic():
        waits = lifecycle.back_off(job, until=until, code=code, counts=counts)
        if waits:
            look_after_pictures(job)  # a pause may last longer than FASHN keeps an earlier step's picture
    if waits:
        queue.enqueue_advance(job.pk, delay_seconds=seconds)
        logger.info("job_backed_off", code=code, seconds=round(seconds, 1), retries=job.retry_count)


def back_off_seconds(retry_count: int) -> float:
    """QUEUE_RETRY_DELAY x 2^n, give or take a fifth so that jobs refused together do not return together."""
    seconds: float = settings.QUEUE_RETRY_DELAY / 1000 * 2**retry_count
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311  (spreads load, guards nothing)


def fail(job: TryOnJob, prediction: Prediction, code: FailureCode) -> None:
    """The job failed. What it has paid for so far is looked after: a retry will want it."""
    with transaction.atomic():
        failed = lifecycle.fail(job, code=code)
        if failed:
            look_after_pictures(job)
    if failed:
        logger.warning("job_failed", code=code, provider_id=prediction.provider_id, retries=job.retry_count)


def look_after_pictures(job: TryOnJob) -> None:
    """Have the paid pictures of a job that waits, or failed, looked after before FASHN deletes them."""
    now = clock.now()
    for prediction in usable_predictions(job):
        at = next_look(prediction, now)
        # Never later than planned: a job that backs off again and again would put it off for ever.
        if prediction.rescue_at is None or (at is not None and at < prediction.rescue_at):
            lifecycle.look_after(prediction, at=at)


def next_look(prediction: Prediction, now: datetime) -> datetime | None:
    """When a picture whose job gave up is looked after again: ever more slowly, as long as FASHN has it."""
    age = now - (prediction.submitted_at or prediction.created_at)
    left = FASHN_KEEPS_PICTURES - age
    if left < timedelta():
        return None
    return now + max(FIRST_RESCUE, min(age / 4, LONGEST_RESCUE_WAIT, left / 2))


def lose_submission(job: TryOnJob, prediction: Prediction, *, cause: str) -> None:
    """Sent, or perhaps sent, and no id came back: the money may be spent.

    With webhooks on, FASHN will name the prediction when it is done; until then the job waits. Without, only
    a person tries again.
    """
    if not lifecycle.mark_unknown(prediction, error_name=cause):
        return  # the webhook was here already
    if not settings.PUBLIC_BASE_URL:
        give_up_waiting(job, prediction)
        return
    wait_seconds = settings.SUBMISSION_WAIT_SECONDS
    lifecycle.wait(
        job,
        JobEdge.AWAIT_WEBHOOK,
        progress=progress_now(job),
        next_check_at=clock.now() + timedelta(seconds=wait_seconds),
    )
    queue.enqueue_advance(job.pk, delay_seconds=wait_seconds)


def give_up_waiting(job: TryOnJob, prediction: Prediction) -> None:
    """Nobody can say what became of the call. Should its picture come after all, it is a rescue."""
    known = bool(prediction.provider_id)
    fail(job, prediction, FailureCode.PREDICTION_LOST if known else FailureCode.SUBMISSION_UNKNOWN)


def give_up_checking(job: TryOnJob, prediction: Prediction, *, code: FailureCode) -> None:
    """The shopper waited long enough, or FASHN knows nothing of it: it may have been paid all the same."""
    with transaction.atomic():
        fail(job, prediction, code)
        lifecycle.let_go(prediction, rescue_at=clock.now() + FIRST_RESCUE)


def abandon(job: TryOnJob) -> None:
    """The last resort for a job that nothing moves any more."""
    with transaction.atomic():
        abandoned = lifecycle.fail(job, code=FailureCode.INTERNAL_ERROR)
        if abandoned:
            settled = [PredictionState.SUCCEEDED, PredictionState.FAILED]
            for prediction in job.predictions.exclude(state__in=settled):
                release(prediction)
            look_after_pictures(job)
    if abandoned:
        logger.error("job_abandoned", job_id=str(job.pk))


def release(prediction: Prediction) -> None:
    """Free the slot of a call whose job does not wait for it; what may be paid is asked for later."""
    if prediction.state == PredictionState.RESERVED:
        lifecycle.drop(prediction, error_name="not_wanted")
    else:
        lifecycle.let_go(prediction, rescue_at=clock.now() if prediction.provider_id else None)


def past_deadline(job: TryOnJob, prediction: Prediction, now: datetime) -> bool:
    """Return whether the shopper has waited long enough for this call, which may be older than the job."""
    sent = prediction.submitted_at or prediction.created_at
    begun = sent if job.started_at is None else max(sent, job.started_at)
    return now > begun + job_deadline()


def job_deadline() -> timedelta:
    """How long one call, and then the fetching of its picture, may take before the job fails."""
    return timedelta(seconds=settings.JOB_DEADLINE_SECONDS)
