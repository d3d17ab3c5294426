"""Status checks of predictions at FASHN."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import transaction

from config.core import clock
from config.core.storage import StorageUnavailable, new_files
from tryon.accounts import has_key
from tryon.engine import governor, lifecycle, queue
from tryon.engine.lifecycle import JobEdge
from tryon.engine.provider import client
from tryon.engine.steps.outcomes import give_up_checking, give_up_or_retry, past_deadline
from tryon.engine.steps.plan import call_for, credits_from, is_readable, options_of
from tryon.failures import FailureCode
from tryon.fashn.download import extension_of, inline_picture, is_address, is_inline
from tryon.fashn.errors import DownloadError, FashnError, NotFound, Unauthorized
from tryon.fashn.inputs import steps as steps_of
from tryon.fashn.types import Phase, PredictionStatus
from tryon.models import ERASED, INLINE, Pause, Prediction, PredictionState, TryOnJob
from tryon.selectors.predictions import first_open_step
from tryon.timing import progress_now

# FASHN allows 50 status calls in 10 s for all predictions together: the more in flight, the rarer the checks.
SHORTEST_CHECK_SECONDS: Final = 2.0
CHECK_SECONDS_PER_PREDICTION: Final = 0.25

# The output of a paid call whose picture nobody has.
LOST: Final = ""


class NotedAlready(Exception):
    """Another process has noted the picture first. Our copy of it is removed."""


def check(job: TryOnJob, prediction: Prediction) -> None:
    """Ask FASHN for the status and move the prediction on. A webhook is a reason to ask, never the answer."""
    if not has_key(prediction.account):
        give_up_checking(job, prediction, code=FailureCode.ACCOUNT_UNREACHABLE)
        return
    if not governor.claim_status_call(prediction.account):
        look_again(job, prediction, JobEdge.POSTPONE_CHECK)
        return
    try:
        answer = client(prediction.account).status(prediction.provider_id)
    except FashnError as error:
        if is_forgotten(error):
            give_up_checking(job, prediction, code=FailureCode.PREDICTION_LOST)
            return
        if isinstance(error, Unauthorized) and governor.is_reachable(prediction.account):
            governor.pause(prediction.account, Pause.UNAUTHORIZED)
        # A status call costs and changes nothing, so ask again later.
        look_again(job, prediction, JobEdge.AWAIT_CHECK, providerStatus=error.code)
        return
    if answer.phase is Phase.SUCCEEDED and answer.outputs:
        try:
            note_success(job, prediction, answer)
        except StorageUnavailable as error:
            look_again(job, prediction, JobEdge.AWAIT_CHECK, providerStatus=error.code)
    elif answer.phase is Phase.FAILED and answer.error is not None:
        failure = answer.error
        # Together: a worker killed between noting the failure and deciding on it would lose its cause.
        with transaction.atomic():
            lifecycle.lock_job(job.pk)
            lifecycle.mark_failed(prediction, error_name=failure.name, error_message=failure.message)
            give_up_or_retry(
                job, prediction, FailureCode(failure.code), permanent=job.retry_count >= failure.attempts
            )
    else:
        # The picture is paid but has no address yet, or it is not done.
        look_again(job, prediction, JobEdge.AWAIT_CHECK, providerStatus=answer.status)


def is_forgotten(error: FashnError) -> bool:
    """Return whether FASHN itself denies the prediction. A gateway's 404 does not name the error."""
    return isinstance(error, NotFound) and bool(error.provider_error)


def note_success(job: TryOnJob, prediction: Prediction, answer: PredictionStatus) -> bool:
    """Note a paid picture. The job's next step takes over the slot, or the slot is free for another job.

    A picture that came with the answer itself is stored first: FASHN forgets it after an hour, and then
    answers without an address. Such a picture is lost. Raise StorageUnavailable.
    """
    # A later step may have brought its picture by now.
    step = max(prediction.step + 1, first_open_step(job))
    further = (
        is_readable(job)
        and step < len(steps_of(options_of(job)))
        # One that was never answered may be paid: only a person pays for another.
        and not job.predictions.filter(step=step, state=PredictionState.UNKNOWN).exists()
    )
    note = functools.partial(
        lifecycle.mark_succeeded,
        prediction,
        credits_used=prediction.price if answer.credits_used is None else answer.credits_used,
        next_call=call_for(job, step, prediction.account) if further else None,
        progress=progress_now(job) if further else lifecycle.DOWNLOADING_PROGRESS,
        price=credits_from(job, step + 1) if further else 0,
    )
    output = answer.outputs[0]
    if is_inline(output):
        return _note_inline(prediction, output, note)
    return note(output=output if is_address(output) else LOST)


def _note_inline(prediction: Prediction, output: str, note: Callable[..., bool]) -> bool:
    """Note a picture that came with FASHN's answer, and our copy of it. A wrong picture is lost."""
    try:
        content = inline_picture(output)
    except DownloadError:
        return note(output=LOST)
    if TryOnJob.objects.filter(predictions=prediction, cache_key__startswith=ERASED).exists():
        return note(output=INLINE)  # nobody may keep it
    try:
        with new_files() as store:
            if not note(output=INLINE, kept=store("results", content, extension_of(content))):
                raise NotedAlready
    except NotedAlready:
        return False
    return True


def look_again(job: TryOnJob, prediction: Prediction, edge: JobEdge, **data: str) -> None:
    """Plan the next check, or give up after the deadline."""
    now = clock.now()
    if past_deadline(job, prediction, now):
        too_late = governor.is_reachable(prediction.account)
        code = FailureCode.DEADLINE_PASSED if too_late else FailureCode.ACCOUNT_UNREACHABLE
        give_up_checking(job, prediction, code=code)
        return
    seconds = between_checks(prediction.account)
    lifecycle.wait(
        job, edge, progress=progress_now(job), next_check_at=now + timedelta(seconds=seconds), **data
    )
    queue.enqueue_timer(job.pk, delay_seconds=seconds)


def between_checks(account: str) -> float:
    """Return the seconds between two checks of a prediction."""
    return max(SHORTEST_CHECK_SECONDS, governor.slots_taken(account) * CHECK_SECONDS_PER_PREDICTION)
