"""The words for what happens next to a job, in each of its states, and what a person can do about it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.core import clock
from tryon.failures import is_retryable
from tryon.fashn.options import OptionError
from tryon.models import IN_FLIGHT, Lane, Prediction, PredictionState, Status, TryOnJob
from tryon.selectors.predictions import fashn_keeps_picture_of
from tryon.services.jobs import retry_price
from tryon.services.operations import problem
from tryon.services.outlook import Outlook, Wait, WaitReason, seconds_of, slots_of

HOUR_SECONDS: Final = 3600


def what_next(job: TryOnJob, calls: Sequence[Prediction]) -> list[str]:
    """Return sentences about what happens next. ``calls`` are the job's predictions."""
    match job.status:
        case Status.QUEUED:
            return [*of_a_queued(job)]
        case Status.PROCESSING:
            return [*of_a_processing(job, calls)]
        case Status.FAILED:
            return [*of_a_failed(job, calls)]
        case Status.CANCELED:
            return [_("The job was canceled. It pays nothing more."), *of_late_pictures(job, calls)]
        case _:
            return [*of_a_completed(job)]


def of_a_queued(job: TryOnJob) -> Iterator[str]:
    wait = Outlook([job]).wait_of(job)
    if job.not_before is not None and job.not_before > clock.now():
        text = _("It is back in the queue until %(at)s, and then tried again: retry %(retry)d of %(most)d.")
        yield text % {"at": at(job.not_before), "retry": job.retry_count, "most": settings.QUEUE_MAX_RETRIES}
    yield from reason_of(job, wait)
    slots = slots_of(job.account)
    text = _("It waits for a slot as number %(place)d. %(taken)d of %(all)d slots are taken.")
    yield text % {"place": wait.jobs_ahead + 1, "taken": slots.taken, "all": slots.all}
    if job.lane == Lane.BULK:
        yield _("Shoppers go before it, and the last free slot is theirs.")
    if wait.hold.reason in (None, WaitReason.PROVIDER_DOWN):
        yield from expected_in(job, wait)


def reason_of(job: TryOnJob, wait: Wait) -> Iterator[str]:
    """Yield why the queued job can't start now, and what a person can do about it."""
    if wait.hold.reason == WaitReason.DAILY_LIMIT:
        starts = clock.now() + timedelta(seconds=wait.hold.seconds)
        yield _("Today's credits are used up. It starts from %(at)s on.") % {"at": at(starts)}
    elif wait.hold.reason == WaitReason.OUT_OF_CREDITS and not problem(job.account):
        yield _("The credits left at FASHN do not pay for it. Buy credits.")
    elif wait.hold.reason is not None:
        yield str(problem(job.account) or wait.hold.reason.label)


def expected_in(job: TryOnJob, wait: Wait) -> Iterator[str]:
    """Yield when the picture should be there."""
    try:
        seconds = seconds_of(wait, job)
    except OptionError:
        yield _("Its options are no longer supported, so it will fail and cost nothing.")
    else:
        yield _("Its picture should be ready in %(span)s.") % {"span": span(seconds)}


def of_a_processing(job: TryOnJob, calls: Sequence[Prediction]) -> Iterator[str]:
    call = next((call for call in calls if call.state in IN_FLIGHT), None)
    match call.state if call else None:
        case PredictionState.RESERVED:
            yield _("It has a slot. Next, its photos go to FASHN.")
        case PredictionState.SENDING:
            yield _(
                "Its photos are on their way to FASHN. If no answer comes, FASHN's call back is waited for."
            )
        case PredictionState.RUNNING:
            yield _("FASHN makes the picture.")
        case _ if any(call.state == PredictionState.UNKNOWN for call in calls):
            yield _("FASHN has not answered the submission. The job waits for its call back.")
        case _:
            yield _("The picture is paid and ready. Next, it is fetched and stored.")
    if job.next_check_at is not None:
        yield _("FASHN is asked again at %(at)s.") % {"at": at(job.next_check_at)}
    if job.expected_at is not None:
        yield _("The picture is expected at %(at)s.") % {"at": at(job.expected_at)}


def of_a_failed(job: TryOnJob, calls: Sequence[Prediction]) -> Iterator[str]:
    yield from of_late_pictures(job, calls)
    if job.is_erased:
        yield _("Its photo was erased. It can't be retried.")
    elif not is_retryable(job.error_code):
        yield _("The same request would fail again. Choose another photo or other options.")
    elif (price := retry_price(job)) is None:
        yield _("Its options are no longer supported. Start a new try-on.")
    elif price == 0:
        yield _("It is a dead letter: it waits for a person. A retry costs nothing, for the picture is paid.")
    else:
        text = ngettext(
            "It is a dead letter: it waits for a person. A retry costs at most %(credits)d credit.",
            "It is a dead letter: it waits for a person. A retry costs at most %(credits)d credits.",
            price,
        )
        yield text % {"credits": price}


def of_late_pictures(job: TryOnJob, calls: Sequence[Prediction]) -> Iterator[str]:
    """Yield what becomes of calls that the job no longer waits for."""
    for call in calls:
        if call.kept:
            yield _("The paid picture is kept. The next request for it costs nothing.")
        elif call.rescue_at is not None:
            begun = call.submitted_at or call.created_at
            text = _("The paid picture is looked for again at %(at)s, and at the latest until %(end)s.")
            yield text % {"at": at(call.rescue_at), "end": at(begun + fashn_keeps_picture_of(job))}


def of_a_completed(job: TryOnJob) -> Iterator[str]:
    result = getattr(job, "result", None)
    if result is None:
        yield _("Its result has been removed. The next request for it makes and pays a new one.")
    else:
        yield _("Nothing: it is done. Its result is kept until %(at)s.") % {"at": at(result.expires_at)}


def at(moment: datetime) -> str:
    """Return a time to the second, in the person's time zone."""
    return localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


def span(seconds: float) -> str:
    """Return a time span as text."""
    if seconds >= HOUR_SECONDS:
        return _("%(number)s h") % {"number": round(seconds / HOUR_SECONDS)}
    if seconds >= 120:
        return _("%(number)s min") % {"number": round(seconds / 60)}
    return _("%(number)s s") % {"number": round(seconds)}
