"""Services for people: cancel a job, retry a failed one."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.errors import DomainError
from config.core.snapshots import outdate_after_commit
from config.people import audit
from config.people.models import Decision
from config.shops.abilities import Ability
from config.shops.callers import Caller, NotAllowed
from results.selectors import result_live
from tryon.access.photos import ProductImageNotFound, ShopperPhotoNotFound
from tryon.accounts import require_queue
from tryon.engine import actions, governor
from tryon.engine.errors import TwinActive
from tryon.fashn.options import OptionError
from tryon.models import EventKind, Lane, NewOwner, Status, TryOnJob
from tryon.selectors.photos import photos_asked_with, photos_in_use
from tryon.services.credits import payer_of
from tryon.services.generate import ResultAppeared, require_active, require_usable
from tryon.services.limits import check_limits
from tryon.services.reuse import Reuse, join_active, note, share_live


class JobNotCancelable(DomainError):
    code: ClassVar[str] = "job_not_cancelable"
    status: ClassVar[int] = 409
    message: Any = _("This job has ended. There is nothing to cancel.")


class OptionsOutdated(DomainError):
    code: ClassVar[str] = "options_outdated"
    status: ClassVar[int] = 409
    message: Any = _("This job's options are no longer supported. Start a new try-on.")


class JobNotFailed(DomainError):
    code: ClassVar[str] = "job_not_failed"
    status: ClassVar[int] = 409
    message: Any = _("Only a failed job can be retried. Look at its status.")


def job_cancel(job: TryOnJob, caller: Caller, *, only_queued: bool = False) -> TryOnJob:
    """Cancel a job, or leave it to the other callers who asked for the same picture.

    A queued job costs nothing. FASHN can't stop a running prediction: its picture is kept unseen, and
    answers the next request for it. ``only_queued``, for batches, leaves a job that has started as it is.
    Raise NotAllowed, JobNotCancelable.
    """
    if not (caller.may(Ability.OPERATE_JOBS) or is_viewer(job, caller)):
        raise NotAllowed
    with transaction.atomic():
        # Lock the row: if two callers cancel at the same time, the second one cancels the job.
        actions.lock(job)
        job.refresh_from_db(fields=["status", "requester"])  # they may have changed since it was read
        if not job.is_active or has_left(job, caller) or (only_queued and job.status != Status.QUEUED):
            raise JobNotCancelable
        leaving = job.viewers.leaving_with(caller).values("pk")
        others_stay = job.viewers.filter(left_at=None).exclude(pk__in=leaving).exists()
        if others_stay and not caller.may(Ability.OPERATE_JOBS):
            job.viewers.leaving_with(caller).filter(left_at=None).update(left_at=clock.now(), asks=0)
            actions.pass_on(job)
            outdate_after_commit([job.pk])
            return job  # canceled for this caller; the others go on waiting
        if not actions.cancel(job, by=caller.requester):
            raise JobNotCancelable
        if not only_queued:  # who stops a batch is noted once, for all of its jobs
            audit.note(caller, job, Decision.CANCEL)
    job.refresh_from_db()
    return job


def job_retry(
    job: TryOnJob, caller: Caller, *, request_id: UUID | None = None, lane: Lane = Lane.INTERACTIVE
) -> TryOnJob:
    """Pay for another try. Return the job that makes the picture: this one, or an identical one.

    An identical job that is active leaves a batch's lane for ``Lane.INTERACTIVE``. With ``Lane.BULK`` the job
    goes on in that lane, behind the shoppers.

    ``request_id`` names a request that may be repeated: one that has retried the job retries it no second
    time. A paid picture is only fetched. Raise NotAllowed, JobNotFailed, ProductImageNotFound,
    ProductImageInactive, ModelImageInactive, ModelImageUnreleased, ShopperPhotoNotFound, OptionsOutdated, and
    as ``check_limits``.
    """
    if not (caller.may(Ability.OPERATE_JOBS) or may_pay_again(job, caller)):
        raise NotAllowed
    if request_id is not None and is_retried_by(job, request_id):
        return job
    require_queue(job.account)
    if job.status != Status.FAILED or has_left(job, caller):
        raise JobNotFailed
    if job.is_erased:
        raise ProductImageNotFound
    if job.model_image is not None:
        require_usable(job.model_image)
    if job.is_private and not photos_in_use(clock.now()).filter(jobs=job).exists():
        raise ShopperPhotoNotFound
    photos = photos_asked_with(job, caller.requester)
    require_active(photos)
    live = share_live(job.cache_key, caller, photos)
    while live is None:
        try:
            _go_on(job, caller, request_id, lane)
        except ResultAppeared:
            live = share_live(job.cache_key, caller, photos)
        except TwinActive:
            # An identical job is active. If it has just ended, look again.
            twin = join_active(job.cache_key, caller, photos, lane)
            if twin is not None:
                note(Reuse.JOIN, twin)
                return twin
        else:
            job.refresh_from_db()
            return job
    note(Reuse.HIT, live)
    return live


def retry_price(job: TryOnJob) -> int | None:
    """Return the most credits that a retry of a failed job costs. None if its options are outdated."""
    try:
        return actions.price_of_retry(job)
    except OptionError:
        return None


def is_viewer(job: TryOnJob, caller: Caller) -> bool:
    """Return whether the caller asked for this picture."""
    return job.viewers.filter(requester=caller.requester).exists()


def has_left(job: TryOnJob, caller: Caller) -> bool:
    """Return whether the job is over for the caller only. It never is for who may operate every job."""
    if caller.may(Ability.OPERATE_JOBS):
        return False
    return job.viewers.filter(requester=caller.requester, left_at__isnull=False).exists()


def is_retried_by(job: TryOnJob, request_id: UUID) -> bool:
    """Return whether an earlier attempt at a request, which was cut off, has retried the job."""
    return job.events.filter(kind=EventKind.RETRIED, data__request=str(request_id)).exists()


def may_pay_again(job: TryOnJob, caller: Caller) -> bool:
    """Return whether the caller may spend credits, and asked for this picture."""
    return caller.may(Ability.START_TRYONS) and is_viewer(job, caller)


def _go_on(job: TryOnJob, caller: Caller, request_id: UUID | None, lane: Lane) -> None:
    """Make a failed job active.

    Raise JobNotFailed, OptionsOutdated, ResultAppeared, TwinActive, and as ``check_limits``.
    """
    with transaction.atomic():
        governor.lock(job.account)
        try:
            to = Lane.BULK if lane == Lane.BULK else None  # a person's retry stays where the job was
            owner = NewOwner(caller.owner, payer_of(caller), to) if may_pay_again(job, caller) else None
            price = actions.price_of_retry(job)  # before its paid pictures are in use again
            retried = actions.retry(job, by=caller.requester, new_owner=owner, request_id=request_id)
        except OptionError as error:
            raise OptionsOutdated from error
        if not retried:
            raise JobNotFailed
        check_limits(job)
        audit.note(caller, job, Decision.RETRY, credits=price)
        # Look after the change, which keeps identical jobs out: one may have just completed.
        if result_live(job.cache_key) is not None:
            raise ResultAppeared
