"""The page of releases that end: the photos, and the live results that have to come down."""

from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.core.admin.lists import CappedPaginator
from config.core.admin.pages import admin_page, page_response
from config.shops.abilities import Ability, is_allowed
from results.models import Review
from results.services import result_delete, result_review
from tryon.catalogue.releases import chosen_to_take_down, ending_releases, results_to_take_down

ON_A_PAGE: Final = 48


@admin_page("releases/", name="releases", permission=Ability.SEE_RETIRED_MODELS)
def releases_page(request: HttpRequest) -> HttpResponseBase:
    """Show what ends, and on POST reject or delete the chosen results."""
    endings = ending_releases()
    asked = request.GET.get("photo", "")
    shown = [ending.photo.pk for ending in endings if asked in ("", str(ending.photo.pk))]
    if request.method == "POST":
        chosen = chosen_to_take_down(request.POST.getlist("result")[:ON_A_PAGE], shown)
        if request.POST.get("action") == "delete":
            _require(request, Ability.DELETE_RESULTS)
            for result in chosen:
                result_delete(result)
            text = ngettext("%(count)d result was deleted.", "%(count)d results were deleted.", len(chosen))
        else:
            _require(request, Ability.REVIEW_RESULTS)
            result_review(chosen, Review.REJECTED)
            text = ngettext("%(count)d result was rejected.", "%(count)d results were rejected.", len(chosen))
        messages.success(request, text % {"count": len(chosen)})
        return redirect(reverse("admin:releases", query={"photo": asked} if asked else None))
    sees_results = is_allowed(request.user, Ability.SEE_ALL_RESULTS)
    results = results_to_take_down(shown if sees_results else [])
    page = CappedPaginator(results, ON_A_PAGE).get_page(request.GET.get("p"))
    return page_response(
        request,
        "admin/catalogue/releases.html",
        title=_("Releases that end"),
        endings=endings,
        asked=asked,
        page=page,
        may_reject=request.user.has_perm(Ability.REVIEW_RESULTS),
        may_delete=request.user.has_perm(Ability.DELETE_RESULTS),
    )


def _require(request: HttpRequest, ability: Ability) -> None:
    if not request.user.has_perm(ability):
        raise PermissionDenied
