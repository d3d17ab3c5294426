"""The operator's page: the state of the service, the reason for a stop, and the two buttons."""

from collections.abc import Iterable
from typing import Any, Final, override

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from config.core.admin.base import ReadOnlyAdmin
from config.core.admin.runbook import runbook_link
from config.core.doctor import Finding, State, examine
from config.core.doctor import services as examined
from config.shops.abilities import Ability
from tryon.accounts import accounts, accounts_of, queue_of
from tryon.metrics.figures import figures, window_asked
from tryon.metrics.statistics import statistics_with
from tryon.models import Account, Governor, Pause, account_label
from tryon.services.doctor import ACCOUNTS, FASHN, TEST_KEYS, WORKERS, report, report_ask
from tryon.services.operations import problem, service_pause, service_resume

# Parts of the runbook: about a pause, and about what the doctor has found.
OF_A_PAUSE: Final[dict[str, str]] = {
    Pause.OPERATOR: "dispatch_paused",
    Pause.OUT_OF_CREDITS: "credits_gone",
    Pause.UNAUTHORIZED: "key_refused",
}
OF_A_FINDING: Final = {
    (examined.DATABASE, ""): "database_unavailable",
    (examined.CLOCK, ""): "clock_off",
    (examined.REDIS, ""): "redis_not_writable",
    (examined.STORAGE, ""): "storage_fault",
    (WORKERS, ""): "no_worker",
    (WORKERS, "cron"): "no_cron",
    (ACCOUNTS, ""): "calls_without_key",
    (FASHN, ""): "circuit_open",
    (FASHN, "401"): "key_refused",
    (FASHN, "0"): "credits_gone",
    (TEST_KEYS, ""): "test_mode_off",
}


@admin.register(Governor)
class GovernorAdmin(ReadOnlyAdmin[Governor]):
    """One page in place of the list and the forms: the governor has one row for each account."""

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Governor | None = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may pause and resume."""
        return request.user.has_perm(Ability.PAUSE)

    @override
    def get_urls(self) -> list[URLPattern]:
        return [
            path("pause/", self.admin_site.admin_view(self.pause_view), name="tryon_governor_pause"),
            path("resume/", self.admin_site.admin_view(self.resume_view), name="tryon_governor_resume"),
            path("doctor/", self.admin_site.admin_view(self.doctor_view), name="tryon_governor_doctor"),
            path("", self.admin_site.admin_view(self.changelist_view), name="tryon_governor_changelist"),
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        account = account_in(request.GET)
        window = window_asked(request.GET.get("window", ""))
        stats = statistics_with(window, account)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Operations"),
            "account": account,
            "queue": queue_of(account),
            "accounts": [(name, account_label(name)) for name in accounts()],
            "stats": stats,
            **figures(stats["window"], account, window),
            "pause_part": OF_A_PAUSE.get(stats["governor"]["pause"], ""),
            "problem": problem(account),
            "is_one_of_several": len(accounts_of(queue_of(account))) > 1,
            "may_operate": self.has_operate_permission(request),
        }
        return TemplateResponse(request, "admin/tryon/governor/operations.html", context)

    @method_decorator(require_POST)
    def pause_view(self, request: HttpRequest) -> HttpResponse:
        """Start no more jobs."""
        self._check(request)
        account = account_in(request.POST)
        for each in accounts_in(request.POST):
            service_pause(each)
        self.message_user(request, _("Paused. Jobs at FASHN will finish. No new jobs start."))
        return back_to(account)

    @method_decorator(require_POST)
    def resume_view(self, request: HttpRequest) -> HttpResponse:
        """Start jobs again."""
        self._check(request)
        account = account_in(request.POST)
        for each in accounts_in(request.POST):
            service_resume(each)
        self.message_user(request, _("Resumed. Jobs start again."), messages.SUCCESS)
        return back_to(account)

    def doctor_view(self, request: HttpRequest) -> HttpResponse:
        """Show what this web process finds now, and what a worker found. A POST asks a worker."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            if report_ask():
                self.message_user(
                    request, _("A worker looks. Its report comes to this page within a minute.")
                )
            else:
                self.message_user(
                    request, _("Redis does not take tasks now. Try again in a minute."), messages.ERROR
                )
            return redirect("admin:tryon_governor_doctor")
        kept = report()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Doctor"),
            # A page that refreshes itself takes the report alone.
            "findings": [] if "X-Live" in request.headers else with_parts(examine(thorough=False)),
            "report": kept,
            "report_findings": with_parts(kept.findings if kept else []),
        }
        return TemplateResponse(request, "admin/tryon/governor/doctor.html", context)

    def _check(self, request: HttpRequest) -> None:
        if not self.has_operate_permission(request):
            raise PermissionDenied


def with_parts(findings: Iterable[Finding]) -> list[tuple[Finding, SafeString]]:
    """Return findings, each that is not good with a link to the runbook's part about it."""
    return [(finding, runbook_link(part_about(finding))) for finding in findings]


def part_about(finding: Finding) -> str:
    """Return the name of the runbook's part about a finding, empty where there is none or all is well."""
    if finding.state == State.GOOD:
        return ""
    _account, _, fact = finding.fact.rpartition(": ")  # a further account's finding names it
    by_fact = OF_A_FINDING.get((finding.subject, fact))
    return by_fact or OF_A_FINDING.get((finding.subject, ""), "")


def account_in(fields: QueryDict) -> str:
    """Return the account that a request names, the first live one if it names none of ours."""
    name = fields.get("account", "")
    return name if name in accounts() else accounts_of(Account.LIVE)[0]


def accounts_in(fields: QueryDict) -> list[str]:
    """Return the accounts that a request is for: the one it names, or all of its queue."""
    account = account_in(fields)
    return accounts_of(queue_of(account)) if "all" in fields else [account]


def back_to(account: str) -> HttpResponseRedirect:
    """Return the way back to the account's page."""
    return HttpResponseRedirect(reverse("admin:tryon_governor_changelist", query={"account": account}))
