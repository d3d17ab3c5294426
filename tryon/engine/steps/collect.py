"""The step that fetches the paid picture and stores it."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from config.core import clock
from config.core.images import ImageRefused, ImagesBusy, lay_on_colour, read_result
from config.core.storage import ObjectMissing, StorageUnavailable, read
from config.core.upkeep.counts import count
from results.services import picture_stored, result_create
from tryon.accounts import alarm, counted_as
from tryon.engine import lifecycle, queue
from tryon.engine.lifecycle import JobEdge
from tryon.engine.provider import fetch_result
from tryon.engine.savings import CREDITS_SAVED, credits_inherited, credits_shared
from tryon.engine.steps.outcomes import fail, job_deadline
from tryon.engine.steps.picture_failures import UNEXPECTED, PictureFailure, failure_of
from tryon.engine.steps.plan import options_of
from tryon.failures import FailureCode
from tryon.fashn.errors import DownloadError
from tryon.models import EventKind, Prediction, TryOnJob
from tryon.outcomes import result_life
from tryon.selectors.predictions import usable_predictions

logger = structlog.stdlib.get_logger(__name__)

COLLECT_AGAIN_SECONDS: Final = 5.0
LONGEST_WAIT_SECONDS: Final = 60.0


class JobLeft(Exception):
    """Somebody else has canceled or completed the job. The transaction rolls back."""


def collect(job: TryOnJob, prediction: Prediction) -> None:
    """Download the picture, store it, and complete the job. It is safe to repeat, because it pays nothing."""
    try:
        result = read_result(_final_picture(job, _paid_content(prediction)))
        with picture_stored(result) as picture, transaction.atomic():
            if not lifecycle.complete(job):
                raise JobLeft
            credits_used = sum(usable_predictions(job).values_list("credits_used", flat=True))
            result_create(
                job_id=job.pk,
                cache_key=job.cache_key,
                picture=picture,
                credits_used=credits_used,
                expires_at=_end_of_result(job),
            )
    except JobLeft:
        logger.info("result_not_wanted")
    except (DownloadError, ImageRefused, ImagesBusy, StorageUnavailable) as error:
        _again_or_fail(job, prediction, failure_of(error), seconds=COLLECT_AGAIN_SECONDS)
    except Exception:  # else the job would be tried again and again, and its page would not show why it waits
        logger.exception("collecting_broke")
        _again_or_fail(job, prediction, UNEXPECTED, seconds=_seconds_after_unexpected(job))
    else:
        count({counted_as(job.account, CREDITS_SAVED): credits_inherited(job) + credits_shared(job)})
        _log_finished(job, prediction)


def _end_of_result(job: TryOnJob) -> datetime | None:
    """Return when the result expires, None for when any other does. A shopper's goes with the photo."""
    life = result_life(job)
    if life is not None:
        return clock.now() + life
    return job.shopper_photo.expires_at if job.shopper_photo else None


def _paid_content(prediction: Prediction) -> bytes:
    """Return the picture's bytes from our own copy, if there is one, else from FASHN."""
    if prediction.kept:
        try:
            return read(str(prediction.kept.name))
        except ObjectMissing:
            logger.exception("kept_picture_missing")
    return fetch_result(prediction.account, prediction.output)


def _final_picture(job: TryOnJob, content: bytes) -> bytes:
    """Return the last step's picture, or with a background the cut-out laid on its colour."""
    colour = options_of(job).background
    return content if colour is None else lay_on_colour(content, colour)


def _again_or_fail(job: TryOnJob, prediction: Prediction, failure: PictureFailure, *, seconds: float) -> None:
    """Try again to fetch and store a paid picture until the deadline, unless the failure is hopeless.

    After that, rescue looks after a picture that is not lost as long as FASHN has it, for example one on a
    host that an operator has yet to allow.
    """
    now = clock.now()
    if failure.hopeless or now > _collecting_since(job, prediction) + job_deadline():
        tell = alarm(logger, job.account)
        tell("picture_not_collected", code=failure.code, lost=failure.lost)
        if failure.lost:
            lifecycle.refuse_output(prediction, code=failure.code)
        fail(job, prediction, FailureCode.RESULT_NOT_USABLE)
        return
    lifecycle.wait(
        job,
        JobEdge.COLLECT_AGAIN,
        progress=lifecycle.DOWNLOADING_PROGRESS,
        next_check_at=now + timedelta(seconds=seconds),
        code=failure.code,
    )
    queue.enqueue_timer(job.pk, delay_seconds=seconds)


def _seconds_after_unexpected(job: TryOnJob) -> float:
    """Return the seconds until the next try: they double with each try that broke unexpectedly."""
    tries = job.events.filter(kind=EventKind.COLLECTING_FAILED, data__code=UNEXPECTED.code).count()
    return min(COLLECT_AGAIN_SECONDS * float(2**tries), LONGEST_WAIT_SECONDS)


def _collecting_since(job: TryOnJob, prediction: Prediction) -> datetime:
    """Return the time when the picture was ready or its job was revived, whichever is later."""
    times = [prediction.finished_at, job.started_at]
    return max((at for at in times if at is not None), default=prediction.created_at)


def _log_finished(job: TryOnJob, prediction: Prediction) -> None:
    """Log one line for each completed job, with the seconds that each stage took."""
    now = clock.now()
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
