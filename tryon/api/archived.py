"""Archived jobs in the API: the same answer as before, and nothing that changes them."""

from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.core.errors import DomainError
from config.shops.callers import caller_of
from results.garments import Asked, garments_with
from tryon.access.jobs import JobNotFound, job_for
from tryon.api.answers import Facts, JobAnswer, job_answers
from tryon.archive.access import Seen, archived_job
from tryon.models import TryOnJob

if TYPE_CHECKING:
    from tryon.access.jobs import ShownJob

SAME: Final = (
    *("id", "progress", "options", "error_code", "model_image_id", "shopper_photo_id", "is_test"),
    *("created_at", "started_at", "completed_at"),
)


class JobArchived(DomainError):
    code: ClassVar[str] = "job_archived"
    status: ClassVar[int] = 409
    message: Any = _("This job ended long ago and is in the archive. Generate again for a new picture.")


def archived_answer(request: Request, job_id: UUID) -> JobAnswer:
    """Return an archived job as the API shows jobs. Nobody can retry it. Raise JobNotFound."""
    seen = archived_job(caller_of(request), job_id)
    if seen is None:
        raise JobNotFound
    job, first = _as_shown(seen, sees_shoppers=caller_of(request).is_shopper), seen.garments[0]
    asked = Asked(job_id, None, first.pk, first.product_id, job.options)
    garments = {job_id: garments_with(asked, seen.garments[1:])}
    answer = job_answers(Facts([job], {}, {}, garments), request)[0]
    if "retryable" in answer:
        answer["retryable"] = False
    return answer


def job_to_change(request: Request, job_id: UUID) -> "ShownJob":
    """Return ``job_for`` the caller. Raise JobNotFound, or JobArchived if it is theirs and in the archive."""
    caller = caller_of(request)
    try:
        return job_for(caller, job_id)
    except JobNotFound:
        if archived_job(caller, job_id) is not None:
            raise JobArchived from None
        raise


def _as_shown(seen: Seen, *, sees_shoppers: bool) -> Any:
    """Return the job as ``jobs_to_show`` would have it, without a result."""
    job: Any = TryOnJob(status=seen.job.status, **{name: getattr(seen.job, name) for name in SAME})
    TryOnJob._meta.get_field("result").set_cached_value(job, None)
    job.shown_status, job.left_at = seen.status, seen.left_at
    job.shown_product_image, job.shown_product_id = seen.garments[0]
    job.photo_expires_at, job.sees_shoppers = seen.job.photo_expires_at, sees_shoppers
    return job
