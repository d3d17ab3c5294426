"""Downloads of approved results: those of a filter, or those chosen in the list of results."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from config.core import clock
from config.core.admin.pages import admin_page
from config.core.http.long import LongAnswer
from config.people import audit
from config.shops.abilities import Ability
from results.models import Review, TryOnResult
from tryon.review.archive import approved, archive
from tryon.review.filters import QueueFilter


@admin_page("review/approved.zip", name="review_zip", permission=Ability.SEE_ALL_RESULTS)
@require_safe
def zip_page(request: HttpRequest) -> HttpResponseBase:
    """Send the approved results of a filter."""
    query = request.GET.copy()
    query["review"] = Review.APPROVED
    results = approved(QueueFilter(query).results(request.user))
    return as_zip(results) if results else nothing_approved(request)


def nothing_approved(request: HttpRequest) -> HttpResponseBase:
    """Lead back, and say why there is no ZIP."""
    messages.warning(request, _("None of these results is approved, so there is nothing to download."))
    return redirect(reverse("admin:results_tryonresult_changelist"))


def as_zip(results: Sequence[TryOnResult]) -> StreamingHttpResponse:
    """Return the answer with the ZIP."""
    name = f"tryon-{localtime(clock.now()):%Y-%m-%d-%H%M}.zip"
    audit.note_export(name, count=len(results))
    return LongAnswer(
        archive(results),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
