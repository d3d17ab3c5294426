"""The whereabouts of a job's picture, as a caller sees them."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from config.core import clock
from results.models import Review
from tryon.models import Status

if TYPE_CHECKING:
    from tryon.access.jobs import ShownJob


class ResultState(TextChoices):
    """The whereabouts of a job's picture. A completed job whose picture has gone makes no other."""

    NONE = "none", _("No picture yet, or never")
    AVAILABLE = "available", _("Available")
    DELETED = "deleted", _("Deleted")
    EXPIRED = "expired", _("Expired")
    PRIVATE = "private", _("For its shopper only")
    REJECTED = "rejected", _("Rejected by the shop")


def result_state(job: "ShownJob") -> ResultState:
    """Return where the picture of the caller's job is."""
    if job.shown_status != Status.COMPLETED or job.completed_at is None:
        return ResultState.NONE
    if job.left_at is not None:
        return ResultState.DELETED
    is_over = _end_of_result(job, job.completed_at) <= clock.now()
    if is_over:
        return ResultState.EXPIRED
    if not hasattr(job, "result"):
        return ResultState.DELETED
    if job.result.review == Review.REJECTED:
        return ResultState.REJECTED
    return ResultState.PRIVATE if job.is_private and not job.sees_shoppers else ResultState.AVAILABLE


def state_until(job: "ShownJob") -> datetime | None:
    """Return the time at which the clock changes the state of the job's result, None if it doesn't."""
    end = None if job.completed_at is None else _end_of_result(job, job.completed_at)
    return None if end is None or end <= clock.now() else end


def _end_of_result(job: "ShownJob", completed_at: datetime) -> datetime:
    if hasattr(job, "result"):
        return job.result.expires_at
    if job.photo_expires_at is not None:
        return job.photo_expires_at
    return completed_at + timedelta(days=settings.RESULT_TTL_DAYS)
