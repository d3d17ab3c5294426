"""Rescue. A prediction that is or may be paid outlives its job, as long as FASHN keeps pictures."""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from config.core import clock
from config.core.images import ImageRefused, ImagesBusy, read_result
from config.core.storage import StorageUnavailable, discard_after_commit, new_files
from results.selectors import result_live
from tryon.accounts import has_key
from tryon.engine import governor, lifecycle, queue
from tryon.engine.errors import TwinActive
from tryon.engine.lifecycle import JobEdge
from tryon.engine.provider import client, fetch_result
from tryon.engine.steps.check import is_forgotten, note_success
from tryon.engine.steps.outcomes import next_look
from tryon.engine.steps.picture_failures import UNEXPECTED, PictureFailure, failure_of
from tryon.engine.steps.plan import is_last, is_readable
from tryon.failures import FailureCode
from tryon.fashn.errors import DownloadError, FashnError
from tryon.fashn.types import Phase
from tryon.models import EventKind, Prediction, PredictionState, Status
from tryon.selectors.predictions import predictions_to_rescue

logger = structlog.stdlib.get_logger(__name__)

LOST_AFTER: Final = 6
# A job that failed with one of these codes may still get its picture.
GAVE_UP: Final = frozenset(
    {
        FailureCode.ACCOUNT_UNREACHABLE,
        FailureCode.DEADLINE_PASSED,
        FailureCode.PREDICTION_LOST,
        FailureCode.SUBMISSION_UNKNOWN,
    }
)


class TwinDelivered(Exception):
    """An identical job has a result, so this one pays nothing more. The transaction rolls back."""


class PictureKept(Exception):
    """Another process has stored this copy first. Ours is removed."""


def rescue_prediction(prediction_id: UUID) -> None:
    """Look after a prediction that no job waits for. This pays nothing.

    If its fate is unknown, ask FASHN. If its picture is paid, copy it, because FASHN deletes its own after 72
    hours, and let the job continue with it.
    """
    prediction = _claim(prediction_id, clock.now())
    if prediction is None:
        return
    late = prediction.state == PredictionState.UNKNOWN
    if late:
        _ask(prediction)
    if prediction.state == PredictionState.SUCCEEDED and not _make_use_of(prediction) and late:
        lifecycle.record(prediction.job_id, EventKind.LATE_PICTURE, credits=prediction.credits_used)


def _claim(prediction_id: UUID, now: datetime) -> Prediction | None:
    """Return the prediction if it is due and not claimed. Its next rescue is set before any work starts."""
    due = predictions_to_rescue(now).filter(pk=prediction_id)
    prediction = due.select_related("job").first()
    if prediction is None:
        return None
    claimed = lifecycle.claim_rescue(prediction, now=now, next_at=next_look(prediction, now))
    return prediction if claimed else None


def _ask(prediction: Prediction) -> None:
    """Ask FASHN for the fate of the prediction."""
    if not (has_key(prediction.account) and governor.claim_status_call(prediction.account)):
        return
    try:
        answer = client(prediction.account).status(prediction.provider_id)
    except FashnError as error:
        if is_forgotten(error):
            lifecycle.let_go(prediction, rescue_at=None)
        lifecycle.record(prediction.job_id, EventKind.CHECKED, providerStatus=error.code)
        return
    if answer.phase is Phase.FAILED and answer.error is not None:
        lifecycle.mark_failed(prediction, error_name=answer.error.name, error_message=answer.error.message)
    elif answer.phase is Phase.SUCCEEDED and answer.outputs:
        try:
            note_success(prediction.job, prediction, answer)
        except StorageUnavailable as error:
            lifecycle.record(prediction.job_id, EventKind.CHECKED, providerStatus=error.code)
    else:
        lifecycle.record(prediction.job_id, EventKind.CHECKED, providerStatus=answer.status)


def _make_use_of(prediction: Prediction) -> bool:
    """Use the paid picture. Return whether its job continues with it."""
    prediction.refresh_from_db(fields=["job"])  # a later attempt at the recipe may have taken it over
    job = prediction.job
    if job.is_erased:
        with transaction.atomic():
            discard_after_commit(str(prediction.kept.name or ""))
            lifecycle.erase_picture(prediction)
        return False
    if job.status == Status.COMPLETED:
        lifecycle.look_after(prediction, at=None)
        return False
    # A job that is processing another prediction may still need this picture.
    if job.status == Status.PROCESSING or not _keep(prediction):
        return False
    if job.status == Status.CANCELED or not is_readable(job):
        lifecycle.look_after(prediction, at=None)  # the copy serves the next request for the same picture
        return False
    if is_last(job, prediction):
        return _resume(prediction, lifecycle.resume_collecting, JobEdge.RESUME_COLLECTING)
    lifecycle.look_after(prediction, at=None)  # a retry needs only the copy
    return _gave_up_on(prediction) and _go_on_with_the_next_step(prediction)


def _keep(prediction: Prediction) -> bool:
    """Copy the picture to our own storage. Return False if that is not possible now."""
    if prediction.kept:
        return True
    try:
        picture = read_result(fetch_result(prediction.account, prediction.output)).picture
        with new_files() as store:
            if not lifecycle.keep(prediction, key=store("results", picture.content, picture.extension)):
                raise PictureKept
    except PictureKept:
        return False
    except (DownloadError, ImageRefused, ImagesBusy, StorageUnavailable) as error:
        _note_failure(prediction, failure_of(error))
        return False
    except Exception:  # the next look is planned already; the job's page shows that this one broke
        logger.exception("keeping_broke")
        _note_failure(prediction, UNEXPECTED)
        return False
    return True


def _note_failure(prediction: Prediction, failure: PictureFailure) -> None:
    facts = {"prediction": str(prediction.pk), "code": failure.code, "lost": failure.lost}
    lifecycle.record(prediction.job_id, EventKind.KEEPING_FAILED, **facts)
    if failure.lost and (failure.hopeless or _missed_often(prediction)):
        lifecycle.refuse_output(prediction, code=failure.code)


def _missed_often(prediction: Prediction) -> bool:
    """Return whether the picture has been missing too often, at growing intervals, to come back."""
    missed = prediction.job.events.filter(
        kind=EventKind.KEEPING_FAILED, data__lost=True, data__prediction=str(prediction.pk)
    )
    return missed.count() >= LOST_AFTER


def _gave_up_on(prediction: Prediction) -> bool:
    """Return whether the job failed because this prediction took too long, and tried nothing since."""
    later = prediction.job.predictions.filter(created_at__gt=prediction.created_at)
    return prediction.job.error_code in GAVE_UP and not later.exists()


def _go_on_with_the_next_step(prediction: Prediction) -> bool:
    """Queue the job again for its next step, which was requested and is not paid yet."""
    try:
        with transaction.atomic():
            requeue = functools.partial(lifecycle.requeue, price=governor.credits_to_pay(prediction.job))
            resumed = _resume(prediction, requeue, JobEdge.RESUME)
            if resumed and result_live(prediction.job.cache_key) is not None:
                raise TwinDelivered
    except TwinDelivered:
        return False
    return resumed


def _resume(prediction: Prediction, move: Callable[..., bool], edge: JobEdge) -> bool:
    try:
        with transaction.atomic():
            resumed = move(prediction.job, edge, credits=prediction.credits_used)
            if resumed and not Prediction.objects.filter(pk=prediction.pk, job=prediction.job).exists():
                raise TwinDelivered
    except (TwinActive, TwinDelivered):
        return False
    if resumed:
        queue.enqueue_advance(prediction.job_id)
    return resumed
