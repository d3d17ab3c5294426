"""What people do with jobs: cancel them, and retry what failed."""

from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.shops.callers import Caller
from results.selectors import result_live
from tryon.engine import actions
from tryon.engine.inheritance import credits_to_pay
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import Lane, Status, TryOnJob
from tryon.services.generate import ModelImageInactive, ResultAppeared
from tryon.services.reuse import Reuse, join_active, note, note_saved, share_live


class JobNotCancelable(DomainError):
    code: ClassVar[str] = "job_not_cancelable"
    status: ClassVar[int] = 409
    message: Any = _("This job has ended. There is nothing to cancel.")


class OptionsOutdated(DomainError):
    code: ClassVar[str] = "options_outdated"
    status: ClassVar[int] = 409
    message: Any = _("This job's options are not known any more. Start a new try-on.")


class JobNotFailed(DomainError):
    code: ClassVar[str] = "job_not_failed"
    status: ClassVar[int] = 409
    message: Any = _("Only a failed job can be retried. Look at its status.")


def job_cancel(job: TryOnJob, caller: Caller) -> TryOnJob:
    """Cancel a job, or leave it to the others who asked for the same picture.

    A queued job costs nothing. One that FASHN works on can't be stopped there: its picture is dropped, and
    the credit is noted when FASHN says so. Raises JobNotCancelable.
    """
    if not job.is_active:
        raise JobNotCancelable
    with transaction.atomic():
        # Locked: of two who cancel at the same time, the second is the last to wait for it.
        actions.lock(job)
        others = job.viewers.exclude(requester=caller.requester)
        if not caller.is_manager and others.exists():
            job.viewers.filter(requester=caller.requester).delete()
            job.status = Status.CANCELED  # for this caller; the others go on waiting
            return job
        if not actions.cancel(job, by=caller.requester):
            raise JobNotCancelable
    job.refresh_from_db()
    return job


def job_retry(job: TryOnJob, caller: Caller) -> TryOnJob:
    """A person pays for another try. Returns the job that makes the picture: this one, or an identical one.

    What is paid for already is only fetched. Raises JobNotFailed, ModelImageInactive and OptionsOutdated.
    """
    if job.status != Status.FAILED:
        raise JobNotFailed
    if not job.model_image.is_active:
        raise ModelImageInactive
    seen = job.viewers.filter(requester=caller.requester).select_related("product_image").first()
    photo = job.product_image if seen is None or seen.product_image is None else seen.product_image
    live = share_live(job.cache_key, caller.requester, photo)
    while live is None:
        price = _price_of(job)
        try:
            _go_on(job, caller)
        except ResultAppeared:
            live = share_live(job.cache_key, caller.requester, photo)
        except IntegrityError:
            # An identical job is active; or it was until now, and we look again.
            twin = join_active(job.cache_key, caller.requester, photo, Lane.INTERACTIVE)
            if twin is not None:
                note(Reuse.JOIN, twin)
                return twin
        else:
            note_saved(job, credits_to_pay=price)
            job.refresh_from_db()
            return job
    note(Reuse.HIT, live)
    return live


def _price_of(job: TryOnJob) -> int:
    """Return the credits that another attempt has still to pay. Raises OptionsOutdated."""
    try:
        return credits_to_pay(job.cache_key, TryOnOptions.from_mapping(job.options))
    except OptionError as error:
        raise OptionsOutdated from error


def _go_on(job: TryOnJob, caller: Caller) -> None:
    """Failed to active. Raises JobNotFailed, ResultAppeared, and IntegrityError where a twin is active."""
    with transaction.atomic():
        if not actions.retry(job, by=caller.requester):
            raise JobNotFailed
        # Looked at behind the change, which keeps identical jobs out: one may have just completed.
        if result_live(job.cache_key) is not None:
            raise ResultAppeared
