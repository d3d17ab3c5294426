"""The credits that reuse saves: those that were really paid, or are being paid, and are not paid again."""

from typing import Final

from django.db.models import Q

from tryon.fashn.inputs import steps, total_credits
from tryon.fashn.options import TryOnOptions
from tryon.models import IN_FLIGHT, EventKind, PredictionState, TryOnJob
from tryon.selectors import first_open_step

CREDITS_SAVED: Final = "reuse_credits_saved"


def credits_inherited(job: TryOnJob) -> int:
    """Return the credits of a completed job's steps that were paid before somebody last asked for it.

    A step that was paid for again since then saves nothing.
    """
    asked = job.events.filter(kind__in=[EventKind.QUEUED, EventKind.RETRIED]).last()
    saved: dict[int, int] = {}
    for call in job.predictions.filter(state=PredictionState.SUCCEEDED).order_by("created_at"):
        inherited = asked is not None and call.created_at < asked.at
        saved[call.step] = call.credits_used if inherited else 0
    return sum(saved.values())


def credits_shared(job: TryOnJob) -> int:
    """Return the credits that one more requester of an active job saves.

    A call without an answer, or a paid picture that is lost, may never bring anything. It saves nothing, and
    neither do the steps after it.
    """
    options = TryOnOptions.from_mapping(job.options)
    price = total_credits(options)
    step = first_open_step(job, steps=len(steps(options)))
    calls = job.predictions.filter(step=step)
    doubtful = Q(state=PredictionState.UNKNOWN) | Q(state=PredictionState.SUCCEEDED)
    if calls.filter(doubtful).exists() and not calls.filter(state__in=IN_FLIGHT).exists():
        price -= total_credits(options, first_step=step)
    return price
