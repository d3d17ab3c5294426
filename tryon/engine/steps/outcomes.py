"""The outcomes of a job that can't continue: another try, a wait for the webhook, or failure."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from config.core import clock
from tryon.engine import governor, lifecycle, queue
from tryon.engine.lifecycle import JobEdge
from tryon.failures import FailureCode
from tryon.models import Prediction, PredictionState, TryOnJob
from tryon.selectors.predictions import fashn_keeps_picture_of, usable_predictions
from tryon.timing import progress_now

logger = structlog.stdlib.get_logger(__name__)

FIRST_RESCUE: Final = timedelta(seconds=30)
LONGEST_RESCUE_WAIT: Final = timedelta(hours=1)


class CallTakenOver(Exception):
    """Another process has the job or its prediction. The transaction rolls back."""


def give_up_or_retry(job: TryOnJob, prediction: Prediction, code: FailureCode, *, permanent: bool) -> None:
    """Fail the job, or let it wait its back-off and start again with a new prediction."""
    if permanent or job.retry_count >= settings.QUEUE_MAX_RETRIES:
        fail(job, prediction, code)
    else:
        back_off(job, code=code, seconds=back_off_seconds(job.retry_count), counts=True)


def back_off(job: TryOnJob, *, code: str, seconds: float, counts: bool) -> bool:
    """Return the job to the queue, to start again after ``seconds``. Return False if it is not ours."""
    until = clock.now() + timedelta(seconds=seconds)
    with transaction.atomic():
        price = governor.credits_to_pay(job)
        waits = lifecycle.back_off(job, until=until, code=code, counts=counts, price=price)
        if waits:
            look_after_pictures(job)  # a pause may last longer than FASHN keeps an earlier step's picture
    if waits:
        queue.enqueue_dispatch(at=until)
        logger.info("job_backed_off", code=code, seconds=round(seconds, 1), retries=job.retry_count)
    return waits


def put_back(job: TryOnJob, code: str, undo: Callable[[], bool], *, seconds: float = 0.0) -> bool:
    """Queue a job again as if it had not started. ``undo`` removes its prediction.

    Return False, with nothing changed, if another process has taken over the job or its prediction.
    """
    try:
        with transaction.atomic():
            if not (back_off(job, code=code, seconds=seconds, counts=False) and undo()):
                raise CallTakenOver
    except CallTakenOver:
        return False
    return True


def back_off_seconds(retry_count: int) -> float:
    """Return QUEUE_RETRY_DELAY x 2^n with a fifth of jitter, so that jobs refused together return apart."""
    seconds: float = settings.QUEUE_RETRY_DELAY / 1000 * 2**retry_count
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311  (spreads load, guards nothing)


def fail(job: TryOnJob, prediction: Prediction, code: FailureCode) -> bool:
    """Fail the job, and look after the pictures it has paid for, because a retry will want them.

    Return False if it is not ours.
    """
    with transaction.atomic():
        failed = lifecycle.fail(job, code=code)
        if failed:
            look_after_pictures(job)
    if failed:
        logger.warning("job_failed", code=code, provider_id=prediction.provider_id, retries=job.retry_count)
    return failed


def look_after_pictures(job: TryOnJob) -> None:
    """Plan the rescue of a waiting or failed job's paid pictures before FASHN deletes them."""
    now = clock.now()
    for prediction in usable_predictions(job):
        at = next_look(prediction, now)
        # Never move it later: a job that backs off repeatedly would postpone it without end.
        if prediction.rescue_at is None or (at is not None and at < prediction.rescue_at):
            lifecycle.look_after(prediction, at=at)


def next_look(prediction: Prediction, now: datetime) -> datetime | None:
    """Return the time of a picture's next rescue, at growing intervals; None when FASHN has deleted it."""
    age = now - (prediction.submitted_at or prediction.created_at)
    left = fashn_keeps_picture_of(prediction.job) - age
    if left < timedelta():
        return None
    return now + max(FIRST_RESCUE, min(age / 4, LONGEST_RESCUE_WAIT, left / 2))


def lose_submission(job: TryOnJob, prediction: Prediction, *, cause: str) -> None:
    """Handle a submission that was, or may have been, sent and brought no id: the money may be spent.

    With webhooks, the job waits until FASHN names the prediction. Without them, as on a shopper's own photo,
    only a person tries again.
    """
    if not lifecycle.mark_unknown(prediction, error_name=cause):
        return  # the webhook has already come
    if not settings.PUBLIC_BASE_URL or job.is_private:
        give_up_waiting(job, prediction)
        return
    wait_seconds = settings.SUBMISSION_WAIT_SECONDS
    lifecycle.wait(
        job,
        JobEdge.AWAIT_WEBHOOK,
        progress=progress_now(job),
        next_check_at=clock.now() + timedelta(seconds=wait_seconds),
    )
    queue.enqueue_timer(job.pk, delay_seconds=wait_seconds)


def give_up_waiting(job: TryOnJob, prediction: Prediction) -> None:
    """Fail a job whose prediction has an unknown fate. If its picture comes after all, that is a rescue.

    The job goes on if the answer, or a webhook, has named the prediction since it was read.
    """
    with transaction.atomic():
        lifecycle.lock_job(job.pk)
        prediction.refresh_from_db(fields=["state", "provider_id"])
        if prediction.state == PredictionState.UNKNOWN:
            known = bool(prediction.provider_id)
            fail(job, prediction, FailureCode.PREDICTION_LOST if known else FailureCode.SUBMISSION_UNKNOWN)


def give_up_checking(job: TryOnJob, prediction: Prediction, *, code: FailureCode) -> None:
    """Fail a job past its deadline or denied by FASHN. Rescue its prediction, which may still be paid."""
    with transaction.atomic():
        if fail(job, prediction, code):
            lifecycle.let_go(prediction, rescue_at=clock.now() + FIRST_RESCUE)


def abandon(job: TryOnJob) -> None:
    """Fail a job that nothing moves any more, as a last resort."""
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
    """Free the slot of a prediction that no job waits for. Ask later for one that may be paid."""
    if prediction.state == PredictionState.RESERVED:
        lifecycle.drop(prediction, error_name="not_wanted")
    else:
        lifecycle.let_go(prediction, rescue_at=clock.now() if prediction.provider_id else None)


def past_deadline(job: TryOnJob, prediction: Prediction, now: datetime) -> bool:
    """Return whether this prediction, which may be older than the job, has taken too long for the shopper."""
    sent = prediction.submitted_at or prediction.created_at
    begun = sent if job.started_at is None else max(sent, job.started_at)
    return now > begun + job_deadline()


def job_deadline() -> timedelta:
    """Return the time that one prediction, and then the download of its picture, may each take."""
    return timedelta(seconds=settings.JOB_DEADLINE_SECONDS)
