"""The page of the alerts in the admin: what lasts, what was, the thresholds, and a button for a test."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from config.core.admin.pages import admin_page, page_response
from config.core.admin.runbook import runbook_link
from config.shops.abilities import Ability, is_allowed
from tryon.alerts.services import channels, latest_alerts, open_alerts, rules, test_send


@admin_page("alerts/", name="alerts", permission=Ability.SEE_ALERTS)
def alerts(request: HttpRequest) -> HttpResponse:
    """Show the alerts. A form sends a test."""
    may_test = is_allowed(request.user, Ability.TEST_ALERTS)
    if request.method == "POST":
        if not may_test:
            raise PermissionDenied
        if test_send(request.user.get_username()):
            messages.success(request, _("A worker sends the test. This page shows what came of it."))
        else:
            messages.error(
                request, _("No channel is set up. Set ALERT_WEBHOOK_URL, or ALERT_EMAILS and EMAIL_SERVER.")
            )
        return redirect("admin:alerts")
    return page_response(
        request,
        "admin/alerts/alerts.html",
        title=_("Alerts"),
        open_alerts=open_alerts(),
        latest=latest_alerts(),
        rules=[(rule, rule.threshold(), runbook_link(rule.name)) for rule in rules()],
        channels=channels(),
        quiet_hours=settings.ALERT_QUIET_HOURS,
        may_test=may_test,
    )
