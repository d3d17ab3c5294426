"""Orders about chosen jobs: cancel, and retry once a person has confirmed the price."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import sentence
from config.core.admin.pages import page_response
from config.core.errors import DomainError
from config.shops.abilities import Ability
from config.shops.callers import Caller, person_calling
from tryon.models import Status, TryOnJob
from tryon.services.jobs import job_cancel, job_retry, retry_price

if TYPE_CHECKING:
    from config.core.admin.base import ReadOnlyAdmin

    class Base(ReadOnlyAdmin[TryOnJob]):
        pass
else:
    Base = object

EVERYWHERE: Final = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]
# Each price is looked up by itself.
MOST_RETRIES: Final = 500
# Of the form that is sent again with the confirmed price.
OWN_FIELDS: Final = frozenset({"csrfmiddlewaretoken", "confirmed"})


@dataclass(frozen=True, slots=True)
class Retries:
    """The failed ones of some chosen jobs, and the most credits that a retry of them costs."""

    jobs: int
    credits: int


def retries_of(jobs: Iterable[TryOnJob]) -> Retries:
    """Return what a retry of the failed ones costs. Those with outdated options are refused, and cost 0."""
    failed = [job for job in jobs if job.status == Status.FAILED]
    return Retries(len(failed), sum(retry_price(job) or 0 for job in failed))


class TakesOrders(Base):
    """The actions of the list of jobs, and of a job's page."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may retry and cancel."""
        return request.user.has_perm(Ability.OPERATE_JOBS)

    @admin.action(description=_("Retry…"), permissions=["operate"], location=EVERYWHERE)
    def retry(self, request: HttpRequest, jobs: QuerySet[TryOnJob]) -> HttpResponse | None:
        """Say what another try of the failed jobs costs, and pay for it once that is confirmed."""
        chosen = list(jobs[: MOST_RETRIES + 1])
        if len(chosen) > MOST_RETRIES:
            text = gettext("Choose at most %(most)d jobs at a time.") % {"most": MOST_RETRIES}
            self.message_user(request, text, messages.ERROR)
            return None
        retries = retries_of(chosen)
        if not retries.jobs or request.POST.get("confirmed") == str(retries.credits):
            self._each(request, chosen, job_retry, _("%(count)d of %(all)d jobs were retried."))
            return None
        fields = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in OWN_FIELDS
            for value in values
        ]
        return page_response(
            request,
            "admin/tryon/tryonjob/retry.html",
            title=_("Retry jobs"),
            opts=self.opts,
            retries=retries,
            chosen=len(chosen),
            fields=fields,
            has_changed="confirmed" in request.POST,
        )

    @admin.action(description=_("Cancel"), permissions=["operate"], location=EVERYWHERE)
    def cancel(self, request: HttpRequest, jobs: QuerySet[TryOnJob]) -> None:
        """Cancel queued and processing jobs."""
        self._each(request, list(jobs), job_cancel, _("%(count)d of %(all)d jobs were canceled."))

    def _each(
        self,
        request: HttpRequest,
        jobs: Sequence[TryOnJob],
        act: Callable[[TryOnJob, Caller], TryOnJob],
        outcome: Any,
    ) -> None:
        """Act on each job, and report the reason of each refusal."""
        caller, done = person_calling(request.user), 0
        for job in jobs:
            try:
                act(job, caller)
            except DomainError as error:
                self.message_user(request, f"{str(job.pk)[:8]}: {sentence(error)}", messages.WARNING)
            else:
                done += 1
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, outcome % {"count": done, "all": len(jobs)}, level)
