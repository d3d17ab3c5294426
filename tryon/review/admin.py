"""The pages of the room. Django finds this module, and each import registers its pages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from results.admin import TryOnResultAdmin
from results.models import TryOnResult
from tryon.review import downloads, pages, sheet
from tryon.review.archive import approved

__all__ = ["pages", "sheet"]


@admin.action(description=_("Download the approved as ZIP"), permissions=["view"])
def download(_admin: Any, request: HttpRequest, queryset: QuerySet[TryOnResult]) -> HttpResponseBase:
    """Send the approved ones of the chosen results."""
    results = approved(queryset)
    return downloads.as_zip(results) if results else downloads.nothing_approved(request)


# The list of results knows no room of the back office.
TryOnResultAdmin.actions = [*(TryOnResultAdmin.actions or ()), download]
