"""The money page, the paid calls behind each of its numbers, and its table for a spreadsheet."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.charts import bar_chart
from config.core.admin.lists import CappedPaginator
from config.core.admin.pages import admin_page, page_response
from config.people import audit
from config.shops.abilities import Ability, is_allowed
from config.shops.names import requester_words, shop_names
from tryon.accounts import queues
from tryon.models import Account
from tryon.money.asked import DEFAULT_DAYS, PERIODS, query_of, scope_asked
from tryon.money.export import spreadsheet
from tryon.money.models import Outcome
from tryon.money.selectors import (
    Scope,
    Total,
    archived,
    balance,
    burn_rate,
    calls_in,
    days_left,
    spending,
    spending_by_day,
    total,
)
from tryon.money.tables import FEW_LINES, credits_saved, tables, usernames

ROWS: Final = 50
CHARTED: Final = {
    Outcome.APPROVED.label: (Outcome.APPROVED,),
    Outcome.TO_REVIEW.label: (Outcome.TO_REVIEW, Outcome.UNDER_WAY, Outcome.UNSEEN),
    _("Rejected or almost"): (Outcome.REJECTED, Outcome.ALMOST),
    _("Failed or canceled"): (Outcome.FAILED, Outcome.CANCELED),
}


@admin_page("money/", name="money", permission=Ability.SEE_MONEY)
def money(request: HttpRequest) -> HttpResponse:
    """Show what a period cost, by what it was paid for."""
    scope = scope_asked(request.GET)
    lines, days = spending(scope, FEW_LINES), spending_by_day(scope)
    return page_response(
        request,
        "admin/money/money.html",
        title=_("Money"),
        scope=scope,
        query=query_of(scope),
        **filters(request, scope),
        total=total(lines),
        rescued=total(line for line in lines if line.columns["is_rescued"]),
        saved=credits_saved(scope),
        days=[(day, found, query_of(scope, day=day)) for day, found in days.items() if found.calls],
        chart=chart(scope, days),
        tables=tables(scope, lines),
        rescued_query=query_of(scope, is_rescued=True),
        approved_query=query_of(scope, outcome=Outcome.APPROVED),
        balance=balance(scope.account),
        burn_rate=burn_rate(scope.account),
        days_left=days_left(scope.account),
    )


@admin_page("money/calls/", name="money_calls", permission=Ability.SEE_MONEY)
def money_calls(request: HttpRequest) -> HttpResponse:
    """Show the paid calls behind a number, with their jobs. Their sum is the number."""
    scope = scope_asked(request.GET)
    calls = (
        calls_in(scope)
        .select_related("job__product_image", "job__model_image")
        .order_by("-submitted_at", "pk")
    )
    page = CappedPaginator(calls, ROWS).get_page(request.GET.get("p"))
    return page_response(
        request,
        "admin/money/calls.html",
        title=_("Paid calls and their jobs"),
        scope=scope,
        query=query_of(scope),
        total=total(spending(scope, ["outcome"])),
        archived=archived(scope),
        page=page,
        rows=rows_of(page),
        may_see_jobs=is_allowed(request.user, Ability.SEE_ALL_JOBS),
    )


@admin_page("money/csv/", name="money_csv", permission=Ability.SEE_MONEY)
def money_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Answer with the period as a CSV file."""
    scope = scope_asked(request.GET)
    name = f"credits-{scope.first}-{scope.last}.csv"
    audit.note_export(name, days=len(scope.days))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(spreadsheet(scope), content_type="text/csv; charset=utf-8", headers=headers)


def filters(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    """Return what the form of the page offers, and what is chosen."""
    days = len(scope.days)
    return {
        "periods": [(number, gettext("%(days)d days") % {"days": number}) for number in PERIODS],
        "chosen_days": days if days in PERIODS and "from" not in request.GET else DEFAULT_DAYS,
        "accounts": [(name, Account(name).label) for name in queues()],
        "shops": [*shop_names().items()],
        "party": scope.only.get("party", ""),
        "is_narrowed": bool(scope.only.keys() - {"party"}),
        "plain_query": query_of(Scope(scope.first, scope.last, scope.account)),
    }


def chart(scope: Scope, days: Mapping[date, Total]) -> str:
    """Return the credits of each day, by outcome."""
    calls = reverse("admin:money_calls")
    return bar_chart(
        _("Credits by day"),
        [f"{day:%m-%d}" for day in days],
        {
            words: [sum(found.by_outcome[outcome] for outcome in outcomes) for found in days.values()]
            for words, outcomes in CHARTED.items()
        },
        addresses=[f"{calls}?{query_of(scope, day=day)}" for day in days],
    )


def rows_of(page: Page[Any]) -> list[dict[str, Any]]:
    """Return the calls of a page as its table shows them. No picture: some are of shoppers."""
    calls = [*page.object_list]
    people = usernames({call.party for call in calls})
    return [
        {
            "call": call,
            "job": call.job,
            "address": reverse("admin:tryon_tryonjob_change", args=[call.job_id]),
            "party": people.get(call.party) or requester_words(call.party),
            "outcome": Outcome(call.outcome).label,
        }
        for call in calls
    ]
