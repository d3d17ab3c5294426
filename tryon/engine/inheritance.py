"""Money belongs to the recipe: a new attempt first uses what earlier attempts have paid for.

Two jobs with one cache key make the same picture. An attempt that failed, was canceled or lost its result
may leave a picture at FASHN, a copy in our storage, a running prediction, or one that was never answered. The
next attempt takes these predictions over as if it had made them itself, and pays only for the missing steps.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from config.core import clock
from results.models import Review
from tryon.engine import governor, lifecycle
from tryon.engine.steps import credits_from, look_after_pictures, paid_picture
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import TryOnOptions
from tryon.models import ACTIVE, IN_FLIGHT, INLINE, Prediction, PredictionState, Status, TryOnJob
from tryon.selectors.predictions import first_open_step, is_usable, since_fashn_keeps, step_after


def calls_in_flight(cache_key: str) -> QuerySet[Prediction]:
    """Return the calls in flight of ended attempts at a recipe, for release: the next one takes them over.

    A job may end with one when its worker dies, or when its id comes at the same moment.
    """
    calls = Prediction.objects.filter(state__in=IN_FLIGHT, job__cache_key=cache_key)
    return calls.exclude(job__status__in=ACTIVE).order_by("pk")


def credits_to_pay(cache_key: str, options: TryOnOptions, *, explicit: bool = False) -> int:
    """Return the credits that a new attempt at the recipe costs, without the paid and the running steps.

    ``explicit``: a person asked for another attempt, which pays again for what is lost or not confirmed.
    """
    estate = _estate(cache_key)
    if explicit:
        estate = estate.filter(is_usable(clock.now()))
    done = estate.values_list("step", flat=True)
    return total_credits(options, first_step=step_after(done))


def inherit(job: TryOnJob, *, explicit: bool) -> bool:
    """Hand the predictions of earlier attempts over to a queued job, and let it continue with them.

    Return False if the job queues for the first missing step.

    ``explicit``: a person asked for another attempt, so the job does not wait for what FASHN does not
    confirm. Call it in the transaction that makes the job active: the database allows one active job for
    each recipe, so each prediction has one heir.
    """
    # Locked in one order, as the cleanup of copies does.
    estate = _estate(job.cache_key).exclude(job=job).order_by("pk").select_for_update(of=("self",))
    for call in estate:
        lifecycle.hand_over(call, job)
    now = clock.now()
    if paid_picture(job) is not None:
        return lifecycle.inherit(job, progress=lifecycle.DOWNLOADING_PROGRESS, next_check_at=now, price=0)
    # A lost call of a step that is paid since keeps nobody from the steps that are missing.
    step = first_open_step(job)
    unknown = job.predictions.filter(_is_unknown(now), step=step).order_by("-created_at")
    awaited = next((call for call in unknown if not explicit or _may_come(call, now)), None)
    if awaited is None:
        return False
    resumed = _is_looked_after(awaited) and lifecycle.resume(awaited)
    return lifecycle.inherit(
        job,
        progress=lifecycle.SUBMITTED_PROGRESS,
        next_check_at=now if resumed else max(now, _answer_by(awaited)),
        price=credits_from(job, awaited.step + 1),
    )


def give_back(job: TryOnJob, to: TryOnJob) -> None:
    """Hand an ended job's predictions over to another ended job of its recipe, which a person may continue.

    Call it under the lock of their account, so that no new attempt takes them over at the same time.
    """
    for call in _estate(job.cache_key).filter(job=job).order_by("pk").select_for_update(of=("self",)):
        lifecycle.hand_over(call, to)
    look_after_pictures(to)


def _estate(cache_key: str) -> QuerySet[Prediction]:
    """Return the predictions that ended attempts at a recipe leave behind.

    They include a lost picture, which is paid and which only a person pays for again, and a prediction that
    was never answered. Both are written off when FASHN would have deleted the picture. A picture that a
    person rejected is left out.
    """
    now = clock.now()
    is_lost = Q(output="") | Q(output=INLINE, kept="")
    lost = is_lost & Q(state=PredictionState.SUCCEEDED) & since_fashn_keeps("finished_at", now)
    left = is_usable(now) | _is_unknown(now) | (lost & ~Q(job__status=Status.COMPLETED))
    ended = Prediction.objects.filter(left, job__cache_key=cache_key).exclude(job__status__in=ACTIVE)
    return ended.exclude(job__result__review=Review.REJECTED)


def _is_unknown(now: datetime) -> Q:
    return Q(state=PredictionState.UNKNOWN) & since_fashn_keeps("submitted_at", now)


def _may_come(call: Prediction, now: datetime) -> bool:
    if not governor.is_reachable(call.account):
        return False
    return _is_looked_after(call) or (bool(settings.PUBLIC_BASE_URL) and now < _answer_by(call))


def _is_looked_after(call: Prediction) -> bool:
    """Return whether FASHN gave the prediction an id and has not denied it since."""
    return bool(call.provider_id) and call.rescue_at is not None


def _answer_by(call: Prediction) -> datetime:
    """Return the time by which FASHN's answer or its webhook must have come."""
    seconds = settings.SUBMISSION_WAIT_SECONDS if settings.PUBLIC_BASE_URL else settings.FASHN_TIMEOUT_SECONDS
    return (call.submitted_at or call.created_at) + timedelta(seconds=seconds)
