"""The contact sheet: many small results, and one decision on those that are marked."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.core.admin.lists import CappedPaginator
from config.core.admin.pages import admin_page, page_response
from config.core.storage import addresses
from config.shops.abilities import Ability
from results.decisions import decidable, decide_all
from results.models import Decision, Reason, Review, TryOnResult
from tryon.review.filters import QueueFilter
from tryon.review.items import flag_shown
from tryon.review.leases import not_in_hand

PER_PAGE: Final = 60
VERDICTS: Final = {
    "approve": Decision.APPROVED,
    "reject": Decision.REJECTED,
    "almost": Decision.ALMOST,
}


class MarksForm(forms.Form):
    """The marked results and what becomes of them. ``seen`` is the review that the sheet shows."""

    verdict = forms.ChoiceField(choices=[(name, name) for name in VERDICTS])
    seen = forms.ChoiceField(choices=Review.choices)
    reason = forms.ChoiceField(choices=[("", _("Without a reason")), *Reason.choices], required=False)


@admin_page("review/sheet/", name="review_sheet", permission=Ability.REVIEW_RESULTS)
def sheet_page(request: HttpRequest) -> HttpResponseBase:
    """Show a page of results, or decide on the marked ones."""
    if request.method == "POST":
        return _decide(request)
    query = request.GET.copy()
    number = query.pop("page", ["1"])[-1]
    queue = QueueFilter(query)
    pages = CappedPaginator(queue.results(request.user), PER_PAGE)
    try:
        page = pages.page(number)
    except InvalidPage:
        page = pages.page(1)
    keys = [row.pk for row in page.object_list]
    return page_response(
        request,
        "admin/review/sheet.html",
        title=_("Contact sheet"),
        queue=queue,
        filter=query.urlencode(),
        page=page,
        cells=_cells(keys),
        reasons=MarksForm().fields["reason"].choices,  # type: ignore[attr-defined]
        review=queue.shown,
    )


def _cells(keys: list[UUID]) -> list[dict[str, Any]]:
    """Return the pictures with these ids, and their words, in order."""
    rows = TryOnResult.objects.filter(pk__in=keys).select_related("job__product_image", "job__model_image")
    found = {row.pk: row for row in rows}
    results = [found[key] for key in keys if key in found]
    urls = addresses([str(result.thumbnail) for result in results if result.thumbnail])
    return [
        {
            "id": result.pk,
            "url": urls.get(str(result.thumbnail), ""),
            "name": f"{result.job.product_image}, {result.job.model_image}",
            "flags": [flag_shown(flag)["words"] for flag in result.flags or []],
        }
        for result in results
    ]


def _decide(request: HttpRequest) -> HttpResponseBase:
    form, user = MarksForm(request.POST), request.user
    if not isinstance(user, User):
        raise PermissionDenied
    marked = request.POST.getlist("result")[:PER_PAGE]
    back = redirect(f"{reverse('admin:review_sheet')}?{request.POST.get('filter', '')[:1000]}")
    try:
        ids = [UUID(text) for text in marked]
    except ValueError:
        ids = []
    if not ids or not form.is_valid():
        messages.warning(request, _("Mark at least one result first."))
        return back
    given = form.cleaned_data
    chosen = decidable().filter(pk__in=ids)
    free = list(not_in_hand(chosen, user))
    in_hand = chosen.count() - len(free)
    changed = decide_all(
        free,
        person=user,
        verdict=VERDICTS[given["verdict"]],
        seen=Review(given["seen"]),
        reasons=[given["reason"]] if given["verdict"] == "reject" and given["reason"] else [],
    )
    text = ngettext("%(count)d result was judged.", "%(count)d results were judged.", changed)
    messages.success(request, text % {"count": changed})
    if in_hand:
        text = ngettext(
            "%(count)d result is in somebody else's hands, and stays as it is.",
            "%(count)d results are in somebody else's hands, and stay as they are.",
            in_hand,
        )
        messages.warning(request, text % {"count": in_hand})
    if others := len(ids) - changed - in_hand:
        text = ngettext(
            "%(count)d result had been judged by somebody else, and stays as it is.",
            "%(count)d results had been judged by somebody else, and stay as they are.",
            others,
        )
        messages.warning(request, text % {"count": others})
    return back
