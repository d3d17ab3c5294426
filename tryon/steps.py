"""The steps of a job: start, submit, check, collect. The caller holds the job's lease."""

import random
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from config.images import ImageRefused, ImageTruncated, ImageUnreadable, lay_on_colour, read_result
from config.storage import ObjectMissing, StorageUnavailable
from results.services import picture_stored, result_create
from tryon import governor, lifecycle, queue
from tryon.fashn.errors import (
    ConcurrencyLimited,
    DownloadError,
    FashnError,
    NotFound,
    OutOfCredits,
    RateLimited,
    Unauthorized,
)
from tryon.fashn.inputs import Step, model_for
from tryon.fashn.inputs import steps as steps_of
from tryon.fashn.options import DEFAULT_MODE, TryOnOptions
from tryon.fashn.types import Phase, PredictionStatus
from tryon.models import Prediction, PredictionState, TryOnJob
from tryon.provider import client, fetch_result, inputs_for
from tryon.selectors import progress_now, typical_seconds

logger = structlog.stdlib.get_logger(__name__)

# FASHN allows 50 status calls in 10 s for all predictions together: so many in flight, so far apart.
SHORTEST_CHECK_SECONDS: Final = 2.0
CHECK_SECONDS_PER_PREDICTION: Final = 0.25
# Earlier than the typical time, or that could never become shorter: what is measured is when we asked.
FIRST_CHECK_SHARE: Final = 0.6
COLLECT_AGAIN_SECONDS: Final = 5.0
FASHN_KEEPS_PICTURES: Final = timedelta(hours=72)
# How long dispatch rests when FASHN refuses everybody; its own Retry-After wins.
HOLD_SECONDS: Final[dict[type[FashnError], float]] = {
    RateLimited: 5.0,
    ConcurrencyLimited: 5.0,
    OutOfCredits: 60.0,
    Unauthorized: 60.0,
}


class JobLeft(Exception):
    """The job was completed, failed or cancelled by somebody else meanwhile: the transaction rolls back."""


def start(job: TryOnJob) -> bool:
    """Take a queued job into processing, with a slot reserved. Needs the governor's lock.

    What an earlier attempt paid for is not paid again: the job goes on with its first open step, or goes
    straight to collecting.
    """
    options = TryOnOptions.from_mapping(job.options)
    steps, step = steps_of(options), first_open_step(job)
    if step == len(steps):
        return lifecycle.start(job)
    return lifecycle.start(
        job,
        Prediction(
            job=job, step=step, model_name=model_for(steps[step], options).name, speed=speed_of(options)
        ),
    )


def submit(job: TryOnJob, prediction: Prediction) -> None:
    """Send the prediction to FASHN, once. What can fail without money happens before the window opens."""
    options, step = TryOnOptions.from_mapping(job.options), step_of(job, prediction)
    before = usable_predictions(job).filter(step__lt=prediction.step).order_by("-step").first()
    try:
        inputs = inputs_for(job, step, before)
    except (ObjectMissing, StorageUnavailable) as error:
        give_up_or_retry(job, prediction, error.code, permanent=isinstance(error, ObjectMissing))
        return
    if not lifecycle.sending(prediction):
        return
    try:
        provider_id = client().run(prediction.model_name, inputs)
    except FashnError as error:
        _refused(job, prediction, error)
        return
    typical = typical_seconds(
        model_name=prediction.model_name,
        speed=prediction.speed,
        documented=model_for(step, options).typical_seconds(options),
    )
    first_check = max(between_checks(), typical * FIRST_CHECK_SHARE)
    now = timezone.now()
    lifecycle.running(
        prediction,
        provider_id=provider_id,
        expected_at=now + timedelta(seconds=typical),
        next_check_at=now + timedelta(seconds=first_check),
    )
    queue.enqueue_advance(job.pk, delay_seconds=first_check)


def check(job: TryOnJob, prediction: Prediction) -> None:
    """Ask FASHN how the prediction is doing."""
    try:
        answer = client().status(prediction.provider_id)
    except NotFound:
        end_unknown(job, prediction, error_name="NotFound", code="prediction_lost")
        return
    except FashnError as error:
        # Asking costs nothing and changes nothing: ask again later.
        _wait(job, prediction, provider_status=error.code)
        return
    if answer.phase is Phase.SUCCEEDED and answer.outputs:
        _succeeded(job, prediction, answer)
    elif answer.phase is Phase.FAILED and answer.error is not None:
        fault = answer.error
        lifecycle.prediction_ended(
            prediction, state=PredictionState.FAILED, error_name=fault.name, error_message=fault.message
        )
        give_up_or_retry(job, prediction, fault.code, permanent=job.retry_count >= fault.attempts)
    else:
        # Paid for but without an address yet, or simply not done.
        _wait(job, prediction, provider_status=answer.status)


def collect(job: TryOnJob, prediction: Prediction) -> None:
    """Download the paid picture, store it, and complete the job. Safe to repeat: nothing is paid here."""
    try:
        result = read_result(_final_picture(job, fetch_result(prediction.output)))
        with picture_stored(result) as picture, transaction.atomic():
            if not lifecycle.complete(job.pk):
                raise JobLeft
            credits_used = sum(job.predictions.values_list("credits_used", flat=True))
            result_create(job_id=job.pk, cache_key=job.cache_key, picture=picture, credits_used=credits_used)
    except JobLeft:
        logger.info("result_not_wanted")
        return
    except (DownloadError, StorageUnavailable) as error:
        permanent = isinstance(error, DownloadError) and error.permanent
        _collect_again_or_fail(job, prediction, code=error.code, permanent=permanent)
        return
    except ImageRefused as error:
        # Half a picture may be the way's fault; a wrong kind of picture stays wrong.
        permanent = not isinstance(error, ImageTruncated | ImageUnreadable)
        _collect_again_or_fail(job, prediction, code=error.code, permanent=permanent)
        return
    _log_finished(job, prediction)


def lose_submission(job: TryOnJob, prediction: Prediction, *, cause: str) -> None:
    """Sent, or perhaps sent, and no id came back: the money may be spent, so only a person tries again."""
    end_unknown(job, prediction, error_name=cause, code="submission_unknown")


def end_unknown(job: TryOnJob, prediction: Prediction, *, error_name: str, code: str) -> None:
    """Nobody can say what became of the call: the prediction is ``unknown`` and the job fails."""
    lifecycle.prediction_ended(prediction, state=PredictionState.UNKNOWN, error_name=error_name)
    lifecycle.fail(job.pk, code=code)
    logger.warning("job_failed", code=code, provider_id=prediction.provider_id)


def give_up_or_retry(job: TryOnJob, prediction: Prediction, code: str, *, permanent: bool) -> None:
    """Fail the job, or let it wait its back-off and start again with a new prediction."""
    lifecycle.prediction_ended(prediction, state=PredictionState.FAILED, error_name=code)
    if permanent or job.retry_count >= settings.QUEUE_MAX_RETRIES:
        lifecycle.fail(job.pk, code=code)
        logger.warning("job_failed", code=code, provider_id=prediction.provider_id, retries=job.retry_count)
        return
    _back_off(job, code=code, seconds=back_off_seconds(job.retry_count), counts=True)


def between_checks() -> float:
    """Seconds between two looks at a prediction."""
    return max(SHORTEST_CHECK_SECONDS, governor.slots_taken() * CHECK_SECONDS_PER_PREDICTION)


def back_off_seconds(retry_count: int) -> float:
    """QUEUE_RETRY_DELAY x 2^n, give or take a fifth so that jobs refused together do not return together."""
    seconds: float = settings.QUEUE_RETRY_DELAY / 1000 * 2**retry_count
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311  (spreads load, guards nothing)


def usable_predictions(job: TryOnJob) -> QuerySet[Prediction]:
    """The job's paid pictures that FASHN still has and that nothing is wrong with."""
    kept = timezone.now() - FASHN_KEEPS_PICTURES
    return job.predictions.filter(state=PredictionState.SUCCEEDED, finished_at__gt=kept).exclude(output="")


def first_open_step(job: TryOnJob) -> int:
    """The first step that has no usable picture yet; the number of steps when all have."""
    done = set(usable_predictions(job).values_list("step", flat=True))
    return next(step for step in range(len(done) + 1) if step not in done)


def is_last(job: TryOnJob, prediction: Prediction) -> bool:
    """Whether the prediction's picture is the job's result."""
    return prediction.step + 1 == len(steps_of(TryOnOptions.from_mapping(job.options)))


def step_of(job: TryOnJob, prediction: Prediction) -> Step:
    """Which of the job's steps the prediction carries out."""
    return steps_of(TryOnOptions.from_mapping(job.options))[prediction.step]


def speed_of(options: TryOnOptions) -> str:
    """What a prediction's duration depends on beside its model: ``balanced``, ``2k quality``."""
    return " ".join(filter(None, [options.resolution, options.mode or DEFAULT_MODE]))


def _refused(job: TryOnJob, prediction: Prediction, error: FashnError) -> None:
    """FASHN, or the way to it, refused the submission."""
    name = error.provider_error or error.cause or error.code
    if error.may_have_run:
        lose_submission(job, prediction, cause=name)
        return
    lifecycle.prediction_ended(prediction, state=PredictionState.FAILED, error_name=name)
    if type(error) in HOLD_SECONDS:
        # The account is at its limit, the job is not to blame: it keeps its place and its retries.
        seconds = error.retry_after or HOLD_SECONDS[type(error)]
        governor.hold(reason=error.code, seconds=seconds)
        _back_off(job, code=error.code, seconds=seconds, counts=False)
        return
    give_up_or_retry(job, prediction, error.code, permanent=error.permanent)


def _succeeded(job: TryOnJob, prediction: Prediction, answer: PredictionStatus) -> None:
    """The picture is there. A further step takes over the slot; else the slot is free for the next job."""
    options = TryOnOptions.from_mapping(job.options)
    steps = steps_of(options)
    price = model_for(steps[prediction.step], options).credits(options)
    further = steps[prediction.step + 1 :]
    lifecycle.prediction_succeeded(
        prediction,
        output=answer.outputs[0],
        credits_used=price if answer.credits_used is None else answer.credits_used,
        next_step=model_for(further[0], options).name if further else "",
    )
    if further:
        queue.enqueue_advance(job.pk)


def _final_picture(job: TryOnJob, content: bytes) -> bytes:
    """The last step's picture; with a background, the cut-out laid on its colour."""
    colour = TryOnOptions.from_mapping(job.options).background
    return content if colour is None else lay_on_colour(content, colour)


def _wait(job: TryOnJob, prediction: Prediction, *, provider_status: str) -> None:
    """Ask again later, until the deadline."""
    now = timezone.now()
    if past_deadline(prediction, now):
        end_unknown(job, prediction, error_name="deadline", code="deadline_passed")
        return
    seconds = between_checks()
    lifecycle.checked(
        job.pk,
        progress=progress_now(job),
        next_check_at=now + timedelta(seconds=seconds),
        provider_status=provider_status,
    )
    queue.enqueue_advance(job.pk, delay_seconds=seconds)


def _collect_again_or_fail(job: TryOnJob, prediction: Prediction, *, code: str, permanent: bool) -> None:
    """The picture is paid for: keep trying to fetch and store it until the deadline."""
    now = timezone.now()
    if permanent:
        lifecycle.output_refused(prediction, code=code)
    if permanent or past_deadline(prediction, now):
        lifecycle.fail(job.pk, code="result_not_usable")
        logger.warning("job_failed", code=code, provider_id=prediction.provider_id)
        return
    lifecycle.checked(
        job.pk,
        progress=lifecycle.DOWNLOADING_PROGRESS,
        next_check_at=now + timedelta(seconds=COLLECT_AGAIN_SECONDS),
        provider_status=code,
    )
    queue.enqueue_advance(job.pk, delay_seconds=COLLECT_AGAIN_SECONDS)


def _back_off(job: TryOnJob, *, code: str, seconds: float, counts: bool) -> None:
    until = timezone.now() + timedelta(seconds=seconds)
    if lifecycle.back_off(job, until=until, code=code, counts=counts):
        queue.enqueue_advance(job.pk, delay_seconds=seconds)
        logger.info("job_backed_off", code=code, seconds=round(seconds, 1), retries=job.retry_count)


def past_deadline(prediction: Prediction, now: datetime) -> bool:
    """Whether the shopper has waited long enough for this call."""
    begun = prediction.submitted_at or prediction.created_at
    return now > begun + timedelta(seconds=settings.JOB_DEADLINE_SECONDS)


def _log_finished(job: TryOnJob, prediction: Prediction) -> None:
    """One line for each finished job, with the seconds that each stage took."""
    now = timezone.now()
    submitted = prediction.submitted_at or now
    finished = prediction.finished_at or now
    logger.info(
        "job_completed",
        provider_id=prediction.provider_id,
        retries=job.retry_count,
        queued_seconds=round((submitted - job.created_at).total_seconds(), 3),
        provider_seconds=round((finished - submitted).total_seconds(), 3),
        collecting_seconds=round((now - finished).total_seconds(), 3),
    )
