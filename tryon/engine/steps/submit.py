"""The submission of a prediction: the one unsafe window."""

import functools
import time
from datetime import timedelta
from enum import Enum
from typing import Final, NamedTuple

import structlog
from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)

from config.core import clock
from config.core.storage import ObjectMissing, StorageUnavailable
from tryon.accounts import accounts_of
from tryon.course import CLOCK_PROGRESS_END
from tryon.engine import governor, lifecycle, queue
from tryon.engine.leases import has_time
from tryon.engine.provider import client, headers_for, inputs_for, webhook_url
from tryon.engine.shield import shielded
from tryon.engine.steps.check import between_checks
from tryon.engine.steps.outcomes import (
    back_off,
    give_up_or_retry,
    lose_submission,
    put_back,
)
from tryon.engine.steps.plan import is_next, steps_from
from tryon.failures import FailureCode
from tryon.fashn.errors import (
    ConcurrencyLimited,
    FashnError,
    NotSent,
    OutOfCredits,
    RateLimited,
    ServerError,
    Unanswered,
    Unauthorized,
    UnexpectedAnswer,
    Withheld,
)
from tryon.fashn.inputs import Inputs
from tryon.models import Lane, Pause, Prediction, ProductImage, TryOnJob
from tryon.selectors.erasing import copy_at_hand
from tryon.selectors.predictions import typical_seconds, usable_predictions
from tryon.timing import progress_now

logger = structlog.stdlib.get_logger(__name__)

# Check before the typical time. We measure when we asked, so the measured time could never become shorter.
FIRST_CHECK_SHARE: Final = 0.6
# The dispatch rests this long after a first refusal, and longer after each further one. Retry-After wins.
RATE_HOLD_SECONDS: Final = 5.0
CONCURRENCY_SECONDS: Final = 3.0
# Only this process knows a paid prediction's id. If the database goes away, it tries again after these
# seconds. A failover takes about as long as all of them.
WRITE_AGAIN_SECONDS: Final = (0.0, 1.0, 2.0, 4.0, 8.0)
# These errors say nothing about the job. Several of them open the circuit.
FASHN_IS_ILL: Final = (ServerError, NotSent, Unanswered, UnexpectedAnswer)

# FASHN takes no more for now, from any job.
NO_MORE_NOW: Final = (RateLimited, ConcurrencyLimited, OutOfCredits, Unauthorized)


class Timing(NamedTuple):
    """The job's progress now, the typical seconds for all steps left, and those until the first check."""

    progress: int
    typical: float
    first_check: float


class Window(Enum):
    """The answer to whether a prediction may be sent.

    Yes; no, because FASHN would refuse; no, because the job needs another one now; or it is taken already.
    """

    OPEN = "open"
    TOO_MANY = "too many"
    OUTDATED = "outdated"
    TAKEN = "taken"


def submit(job: TryOnJob, prediction: Prediction) -> None:
    """Send the prediction to FASHN, once. All work that can fail for free happens before the window opens."""
    if not (governor.may_submit(prediction.account) and _may_pay(job)):
        _hold(job, prediction)
        return
    before = usable_predictions(job).filter(step=prediction.step - 1).first()
    if before is None and prediction.step > 0:
        _plan_again(job, prediction)  # the picture of the step before is lost
        return
    try:
        steps = steps_from(job, prediction)
        inputs = inputs_for(job, steps[0], before)
    except (ObjectMissing, StorageUnavailable) as error:
        _go_on_without(job, prediction, error)
        return
    account = prediction.account
    seconds = [typical_seconds(account, step) for step in steps]
    timing = Timing(
        progress=min(max(progress_now(job), lifecycle.SUBMITTED_PROGRESS), CLOCK_PROGRESS_END),
        typical=sum(seconds),
        first_check=max(between_checks(account), seconds[0] * FIRST_CHECK_SHARE),
    )
    with shielded():
        match _open_window(job, prediction):
            case Window.TOO_MANY:
                _hold(job, prediction)
            case Window.OUTDATED:
                _plan_again(job, prediction)
            case Window.OPEN:
                _send(job, prediction, inputs, timing)


def _may_pay(job: TryOnJob) -> bool:
    """Return whether today's credits cover a batch's job too. A shopper was told at the start."""
    left = governor.credits_left_for_batches(job.account) if job.lane == Lane.BULK else None
    return left is None or left >= 0


def _go_on_without(job: TryOnJob, prediction: Prediction, error: ObjectMissing | StorageUnavailable) -> None:
    """Decide on a job whose photo can't be read. Nothing was sent."""
    code, permanent = FailureCode(error.code), isinstance(error, ObjectMissing)
    with transaction.atomic():
        lifecycle.lock_job(job.pk)
        if permanent and _has_another_photo(job):
            _plan_again(job, prediction)
        elif lifecycle.drop(prediction, error_name=code):
            give_up_or_retry(job, prediction, code, permanent=permanent)


def _has_another_photo(job: TryOnJob) -> bool:
    """Return whether the job has another photo than when it was read, or gets one, as its own is erased."""
    photo = ProductImage.objects.get(jobs=job)
    if photo.pk != job.product_image_id or photo.processed:
        return photo.pk != job.product_image_id
    copy = copy_at_hand(job, but=photo)
    return copy is not None and lifecycle.change_photo(job, photo_id=copy.pk)


def _send(job: TryOnJob, prediction: Prediction, inputs: Inputs, timing: Timing) -> None:
    """Send the one paid POST, and write down what came of it."""
    headers = headers_for(job)
    try:
        provider_id = client(prediction.account).run(
            prediction.model_name,
            inputs,
            # Its news would bring the picture along, in megabytes.
            webhook_url=None if job.is_private else webhook_url(prediction.callback_token),
            may_send=functools.partial(has_time, job),
            headers=headers,
        )
    except Withheld:
        # This process was frozen, and another may have given the call up since. Nothing was sent.
        close_old_connections()
        lifecycle.mark_failed(prediction, error_name="lease_lost")
    except FashnError as error:
        close_old_connections()
        _refused(job, prediction, error)
    else:
        _accepted(job, prediction, provider_id, timing)
        governor.submission_accepted(prediction.account)


def _open_window(job: TryOnJob, prediction: Prediction) -> Window:
    """Note that the prediction is being sent, if FASHN's limit on runs allows one more.

    A rescue, a webhook and a check lock the job before they note a picture or an id. So either this look
    sees it, or they find that the prediction is being sent.
    """
    with transaction.atomic():
        governor.lock(prediction.account)
        lifecycle.lock_job(job.pk)
        if not is_next(job, prediction):
            return Window.OUTDATED
        if not governor.run_allowed(prediction.account):
            return Window.TOO_MANY
        return Window.OPEN if lifecycle.mark_sending(prediction) else Window.TAKEN


def _hold(job: TryOnJob, prediction: Prediction) -> None:
    """Give the slot back unused, and let the job wait for its turn."""
    put_back(job, "held", functools.partial(lifecycle.return_slot, prediction))
    if (room_at := governor.next_run_at(prediction.account, clock.now())) is not None:
        queue.enqueue_dispatch(at=room_at)


def _plan_again(job: TryOnJob, prediction: Prediction) -> None:
    """Give the slot back unused. The next start sees what the job needs now."""
    put_back(job, "plan_changed", functools.partial(lifecycle.return_slot, prediction))


def _accepted(job: TryOnJob, prediction: Prediction, provider_id: str, timing: Timing) -> None:
    try:
        waits = _note_id(prediction, provider_id, timing)
    except IntegrityError:
        # Another call has this id. Only one can own its picture, and this one stays without an answer.
        logger.exception("answer_names_another_call", job_id=str(job.pk), provider_id=provider_id)
        lose_submission(job, prediction, cause="id_of_another_call")
        return
    if waits:
        queue.enqueue_timer(prediction.job_id, delay_seconds=timing.first_check)
        return
    prediction.refresh_from_db()
    if prediction.job_id != job.pk:  # a later attempt at the recipe has taken the call over
        queue.enqueue_advance(prediction.job_id)


def _note_id(prediction: Prediction, provider_id: str, timing: Timing) -> bool:
    """Store the id of a paid prediction, on a new connection if the old one was cut.

    Return whether the job waits for the prediction.
    """
    now = clock.now()
    note = functools.partial(
        lifecycle.mark_running,
        prediction,
        provider_id=provider_id,
        progress=timing.progress,
        expected_at=now + timedelta(seconds=timing.typical),
        next_check_at=now + timedelta(seconds=timing.first_check),
    )
    for seconds in WRITE_AGAIN_SECONDS:
        try:
            return note()
        except (OperationalError, InterfaceError):
            logger.exception("submission_not_noted", provider_id=provider_id, again_in_seconds=seconds)
            connection.close()
            time.sleep(seconds)
    return note()


def _refused(job: TryOnJob, prediction: Prediction, error: FashnError) -> None:
    """Handle a submission that FASHN refused or that did not reach it."""
    ill = isinstance(error, FASHN_IS_ILL)
    open_until = governor.submission_failed(prediction.account) if ill else None
    if error.may_have_run:
        lose_submission(job, prediction, cause=_name_of(error))
        return
    if isinstance(error, NO_MORE_NOW):
        _put_off(job, prediction, error)
        return
    # In one transaction: a worker that ended between them would have the job sent again.
    with transaction.atomic():
        lifecycle.mark_failed(prediction, error_name=_name_of(error))
        if open_until is None:
            give_up_or_retry(job, prediction, FailureCode(error.code), permanent=error.permanent)
        else:
            back_off(job, code=error.code, seconds=0, counts=False)
    if open_until is not None:
        queue.enqueue_probe(at=open_until)


def _put_off(job: TryOnJob, prediction: Prediction, error: FashnError) -> None:
    """Put off a job because FASHN or the account is at its limit. It keeps its place and its retries."""
    account, seconds = prediction.account, 0.0
    match error:
        case OutOfCredits():
            governor.pause(account, Pause.OUT_OF_CREDITS)
        case Unauthorized():
            governor.pause(account, Pause.UNAUTHORIZED)
        case ConcurrencyLimited() if governor.lower_slots(account, refused=prediction.pk):
            # Other predictions of ours are at FASHN. The end of one of them is the time to continue.
            seconds = error.retry_after or 0.0
        case _:
            first = CONCURRENCY_SECONDS if isinstance(error, ConcurrencyLimited) else RATE_HOLD_SECONDS
            at_least = error.retry_after or 0.0
            seconds = governor.hold(account, reason=error.code, seconds=first, at_least=at_least)
    undo = functools.partial(lifecycle.forget_refused, prediction, error_name=_name_of(error))
    # The account rests, and not the job: it may go to another account at once.
    alone = len(accounts_of(job.account)) == 1
    if not put_back(job, error.code, undo, seconds=seconds if alone else 0.0):
        lifecycle.mark_failed(prediction, error_name=_name_of(error))
    elif not alone and seconds > 0:
        queue.enqueue_dispatch(at=clock.now() + timedelta(seconds=seconds))


def _name_of(error: FashnError) -> str:
    return error.provider_error or error.cause or error.code
