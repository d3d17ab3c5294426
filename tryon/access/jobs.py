"""Access to jobs, as their callers see them."""

import functools
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypedDict
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError
from config.core.few import narrowed
from config.core.prepared import Parameter, Prepared
from config.core.rows import first_or
from config.shops.abilities import Ability
from config.shops.callers import Caller
from tryon.models import Account, JobViewer, Status, TryOnJob, ViewerGarment

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Shown(TypedDict):
        shown_product_image: UUID
        shown_product_id: str
        seen_viewer: int | None
        sees_shoppers: bool
        photo_expires_at: datetime | None
        shown_status: str
        left_at: datetime | None

    ShownJob = WithAnnotations[TryOnJob, Shown]

# Who leaves after the end gives the result up. Who leaves before it has canceled.
LEFT_EARLY: Final = Q(seen__left_at__isnull=False) & (
    Q(completed_at=None) | Q(seen__left_at__lt=F("completed_at"))
)
STAYED: Final = Q(seen__left_at=None) | Q(seen__left_at__gte=F("completed_at"))


class JobNotFound(DomainError):
    code: ClassVar[str] = "job_not_found"
    status: ClassVar[int] = 404
    message: Any = _("There is no such job. Check the id, or generate again.")


def job_for(caller: Caller, job_id: UUID) -> "ShownJob":
    """Return one job with its photos. Raise JobNotFound."""
    jobs = jobs_for(caller).select_related("model_image", "shopper_photo", "product_image")
    return first_or(JobNotFound, jobs.filter(pk=job_id))


def account_of(caller: Caller) -> str:
    """Return the account that the caller's jobs run on."""
    return Account.TEST if caller.is_test else Account.LIVE


def jobs_to_show(caller: Caller) -> "QuerySet[ShownJob]":
    """Return the caller's jobs with their results."""
    return jobs_for(caller).select_related("result")


def job_to_show(caller: Caller, job_id: UUID) -> "ShownJob | None":
    """Return one of ``jobs_to_show``, or None. The query is built once for each kind of caller."""
    jobs = _prepared(_sight_of(caller))
    return next(iter(jobs.ask(requester=caller.requester, job=job_id)), None)


@functools.cache
def _prepared(sight: "_Sight") -> "Prepared[ShownJob]":
    requester = Parameter("requester", CharField())
    jobs = _jobs_for(requester, sight).select_related("result")
    return Prepared(jobs.filter(pk=Parameter("job", UUIDField())).order_by())


def jobs_to_list(caller: Caller) -> "QuerySet[ShownJob]":
    """Return ``jobs_to_show`` for a page of a list."""
    jobs = jobs_to_show(caller)
    return (
        jobs
        if caller.may(Ability.SEE_ALL_JOBS)
        else narrowed(jobs, "pk", _seen_by(caller.requester).values("job"))
    )


def jobs_for(caller: Caller) -> "QuerySet[ShownJob]":
    """Return the jobs that the caller asked for, or every job for who may see them.

    Each has its photo and its status as this caller sees them: a job that the caller left is canceled, though
    others wait for it.
    """
    return _jobs_for(caller.requester, _sight_of(caller))


class _Sight(NamedTuple):
    """The parts of a caller on which the query for their jobs depends, besides the requester."""

    sees_all: bool
    is_shopper: bool
    is_test: bool


def _sight_of(caller: Caller) -> _Sight:
    return _Sight(caller.may(Ability.SEE_ALL_JOBS), caller.is_shopper, caller.is_test)


def _jobs_for(requester: str | Parameter, sight: _Sight) -> "QuerySet[ShownJob]":
    jobs = TryOnJob.objects.annotate(
        seen=FilteredRelation("viewers", condition=Q(viewers__requester=requester)),
        # The caller's own photo: the job's may be another caller's.
        shown_product_image=Coalesce(F("seen__product_image"), F("product_image")),
        shown_product_id=Coalesce(F("seen__product_image__product_id"), F("product_image__product_id")),
        seen_viewer=F("seen__pk"),
        # Pictures of a shopper are for the shopper only, whose jobs alone are here.
        sees_shoppers=Value(sight.is_shopper),
        photo_expires_at=F("shopper_photo__expires_at"),
        left_at=Value(None, DateTimeField()) if sight.sees_all else F("seen__left_at"),
        shown_status=F("status")
        if sight.sees_all
        else Case(When(LEFT_EARLY, then=Value(Status.CANCELED.value)), default=F("status")),
    )
    if sight.sees_all:
        of_tests = Q(account=Account.TEST)
        return jobs.filter(of_tests if sight.is_test else ~of_tests)
    # Not a join: SQLite would sort all jobs of the caller for one page.
    return jobs.filter(Exists(_seen_by(requester).filter(job=OuterRef("pk"))))


def _seen_by(requester: str | Parameter) -> QuerySet[JobViewer]:
    return JobViewer.objects.filter(requester=requester)


def jobs_in(jobs: "QuerySet[ShownJob]", caller: Caller, status: str) -> "QuerySet[ShownJob]":
    """Return those of a caller's jobs that have this status for the caller.

    Not by ``shown_status``: PostgreSQL takes its CASE for rare, and sorted all 10,000 queued jobs for a page.
    """
    if caller.may(Ability.SEE_ALL_JOBS):
        return jobs.filter(status=status)
    if status == Status.CANCELED:
        return jobs.filter(Q(status=status) | LEFT_EARLY)
    return jobs.filter(STAYED, status=status)


def jobs_of_photo(jobs: "QuerySet[ShownJob]", caller: Caller, **photo: Any) -> "QuerySet[ShownJob]":
    """Return those of a caller's jobs that were asked for with such a photo."""
    chosen = {f"product_image__{name}": value for name, value in photo.items()}
    viewers, garments = JobViewer.objects.filter(**chosen), ViewerGarment.objects.filter(**chosen)
    if not caller.may(Ability.SEE_ALL_JOBS):
        viewers = viewers.filter(requester=caller.requester)
        garments = garments.filter(viewer__requester=caller.requester)
    # Not two conditions: for those the database would look at each job of the caller.
    return jobs.filter(pk__in=viewers.values("job").union(garments.values("viewer__job")))
