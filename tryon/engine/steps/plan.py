"""The plan of a job: its predictions, and those still to be made."""

from typing import Final

import structlog
from django.db import IntegrityError

from config.core import clock
from tryon.accounts import queue_of, terms_of
from tryon.engine import governor, lifecycle
from tryon.failures import FailureCode
from tryon.fashn.inputs import Step, total_credits
from tryon.fashn.inputs import steps as steps_of
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import EventKind, Prediction, PredictionState, TryOnJob
from tryon.selectors.jobs import jobs_without_price
from tryon.selectors.predictions import calls_without_price, first_open_step, usable_predictions

logger = structlog.stdlib.get_logger(__name__)

# The governor's lock is held while these are priced.
PRICED_AT_ONCE: Final = 200


def price_jobs(account: str) -> None:
    """Price the jobs that an earlier release, which knows no prices, has inserted or started during a deploy.

    It needs the account's lock, and costs two queries if there is none. Without it, budgets would take these
    jobs, or their further steps, as free.
    """
    for job in jobs_without_price(queue_of(account))[:PRICED_AT_ONCE]:
        if (price := governor.credits_to_pay(job)) > 0:
            lifecycle.set_price(job, price=price)
    for call in calls_without_price(account)[:PRICED_AT_ONCE]:
        if is_readable(call.job) and (price := credits_from(call.job, call.step + 1)) > 0:
            lifecycle.set_price(call.job, price=price)


def start(job: TryOnJob, account: str) -> bool:
    """Move a queued job to processing with a reserved slot on the account. It needs the locks.

    The job does not pay again for an earlier attempt's steps: it continues with its first open step, or goes
    straight to collecting. A bad row that can't start is logged and does not stop the others.
    """
    try:
        steps, step = len(steps_of(options_of(job))), first_open_step(job)
        if (known := known_call(job, step)) is not None and lifecycle.resume(known):
            return lifecycle.inherit(
                job,
                progress=lifecycle.SUBMITTED_PROGRESS,
                next_check_at=clock.now(),
                price=credits_from(job, step + 1),
            )
        call = None if step == steps else call_for(job, step, account)
        if call is not None and (code := _reason_not_to_pay(job, call)) is not None:
            lifecycle.refuse(job, code=code)
            return False
        return lifecycle.start(job, call, price=credits_from(job, step + 1))
    except OptionError:
        logger.exception("job_refused", job_id=str(job.pk))
        lifecycle.refuse(job, code=FailureCode.INTERNAL_ERROR)
    except IntegrityError:
        # The job has a prediction in flight that no worker knows of. The sweep releases it after a while.
        logger.exception("job_not_started", job_id=str(job.pk))
    return False


def known_call(job: TryOnJob, step: int) -> Prediction | None:
    """Return a call of the step that was lost, and whose id FASHN has told since.

    One on an account that can't be asked keeps nobody waiting: a person who retries pays for another.
    """
    lost = job.predictions.filter(state=PredictionState.UNKNOWN, step=step, rescue_at__isnull=False)
    told = reversed(lost.exclude(provider_id=""))
    return next((call for call in told if governor.is_reachable(call.account)), None)


def _reason_not_to_pay(job: TryOnJob, call: Prediction) -> FailureCode | None:
    """Return the code with which the job fails instead of paying, None to continue.

    A paid step whose picture is lost is paid again only if a person has retried since. A job that costs more
    than a day's credits would never start. One that waited for an earlier call, or that a late picture has
    revived, may find its payer's credits used up.
    """
    paid = job.predictions.filter(step=call.step, state=PredictionState.SUCCEEDED).last()
    if paid is not None and not job.events.filter(kind=EventKind.RETRIED, at__gt=paid.created_at).exists():
        return FailureCode.RESULT_NOT_USABLE
    limit = terms_of(job.account).daily_limit
    if limit and total_credits(options_of(job), first_step=call.step) > limit:
        return FailureCode.DAILY_LIMIT_TOO_LOW
    # Nobody has asked the payer's budgets for this call: the request was free, or the job has failed since.
    grown = job.payer and job.events.filter(kind__in=[EventKind.INHERITED, EventKind.REVIVED]).exists()
    return FailureCode.CREDITS_USED_UP if grown and governor.is_over_budget(job) else None


def is_next(job: TryOnJob, prediction: Prediction) -> bool:
    """Return whether a reserved prediction is still what the job needs next.

    Since its slot was reserved, an earlier call of its step may have brought a picture or told its id, and
    the picture of the step before may have been lost.
    """
    step = first_open_step(job)
    return step == prediction.step and known_call(job, step) is None


def call_for(job: TryOnJob, step: int, account: str) -> Prediction:
    """Return a step's new prediction on an account, not saved yet."""
    call = steps_of(options_of(job))[step]
    return Prediction(
        job=job,
        account=account,
        payer=job.payer,
        api_key=job.api_key,
        shopper=job.shopper,
        step=step,
        model_name=call.model.name,
        speed=call.options.speed,
        price=call.credits,
    )


def credits_from(job: TryOnJob, step: int) -> int:
    """Return the price of a step and those after it."""
    return total_credits(options_of(job), first_step=step)


def paid_picture(job: TryOnJob) -> Prediction | None:
    """Return the prediction whose picture becomes the job's result, if it is paid and can be fetched.

    It need not be the latest: a picture may come late, after a person has paid for another that failed.
    """
    last = len(steps_of(options_of(job))) - 1
    return usable_predictions(job).filter(step=last).order_by("-created_at").first()


def options_of(job: TryOnJob) -> TryOnOptions:
    """Return the job's options, checked again because rows outlive code."""
    return TryOnOptions.from_mapping(job.options)


def is_readable(job: TryOnJob) -> bool:
    """Return whether this release knows the job's options."""
    try:
        options_of(job)
    except OptionError:
        return False
    return True


def steps_from(job: TryOnJob, prediction: Prediction) -> tuple[Step, ...]:
    """Return the step that the prediction carries out, and those after it."""
    return steps_of(options_of(job))[prediction.step :]


def is_last(job: TryOnJob, prediction: Prediction) -> bool:
    """Return whether the prediction's picture is the job's result."""
    return prediction.step + 1 == len(steps_of(options_of(job)))
