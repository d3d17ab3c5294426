"""The credits that reuse saves: those that were really paid, or are being paid, and are not paid again."""

from typing import Final

from django.db.models import Sum

from tryon.fashn.inputs import total_credits
from tryon.fashn.options import TryOnOptions
from tryon.models import EventKind, PredictionState, TryOnJob

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
    """Return the credits that a completed job saves because it answers more than one request."""
    asks = job.viewers.aggregate(asks=Sum("asks"))["asks"] or 0
    return total_credits(TryOnOptions.from_mapping(job.options)) * max(0, asks - 1)
