"""The pages of an import: send a file, look at what it would change, apply it."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import sentence
from config.core.admin.pages import admin_page, page_response
from config.core.errors import DomainError, errors
from tryon.catalogue.exchange.imports import COLUMNS, import_apply, import_check
from tryon.catalogue.exchange.tables import MOST_ROWS, TableRefused
from tryon.catalogue.models import ImportState, PhotoFetch, Product, ProductImport

ADD: Final = "catalogue.add_product"
CHANGE: Final = "catalogue.change_product"
FETCHES_SHOWN: Final = 100


class ImportForm(forms.Form):
    """The table of products."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,  # the reader says it better
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        help_text=_(
            "CSV or XLSX, up to 5 MB and 10,000 rows. CSV in UTF-8, UTF-16 or CP949 (Excel in Korea)."
        ),
    )


@admin_page("products/import/", name="product-import", permission=CHANGE)
def import_page(request: HttpRequest) -> HttpResponseBase:
    """Take a file, check it, and lead to what it would change."""
    _require_add(request)
    form = (
        ImportForm(request.POST or None, request.FILES or None) if request.method == "POST" else ImportForm()
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        person: Any = request.user
        try:
            checked = import_check(person, file, size=file.size, file_name=file.name)
        except TableRefused as error:
            form.add_error("file", str(error))
        else:
            return redirect("admin:product-import-preview", checked.pk)
    return page_response(
        request,
        "admin/catalogue/import.html",
        title=_("Import products"),
        form=form,
        columns=COLUMNS,
        most=MOST_ROWS,
        latest=ProductImport.objects.filter(person=request.user.pk).defer("rows", "summary")[:10],
        **_way(),
    )


@admin_page("products/import/<uuid:import_id>/", name="product-import-preview", permission=CHANGE)
def preview_page(request: HttpRequest, import_id: UUID) -> HttpResponseBase:
    """Show what an import would change, or has changed, and on POST apply it."""
    _require_add(request)
    found = get_object_or_404(ProductImport, pk=import_id, person=request.user.pk)
    if request.method == "POST":
        return _apply(request, found)
    is_applied = found.state == ImportState.APPLIED
    return page_response(
        request,
        "admin/catalogue/import_preview.html",
        title=found.file_name,
        found=found,
        is_applied=is_applied,
        is_over=not is_applied and not found.rows,
        fetches=_fetches(found) if is_applied else {},
        **_way(),
    )


def _require_add(request: HttpRequest) -> None:
    """Refuse who may not add products: an import changes some and adds others. Raise PermissionDenied."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied


def _apply(request: HttpRequest, waiting: ProductImport) -> HttpResponseBase:
    person: Any = request.user
    if waiting.state == ImportState.CHECKED and (not waiting.rows or waiting.summary["wrong"]):
        messages.error(request, gettext("This import can't be applied. Send the corrected file."))
        return redirect("admin:product-import-preview", waiting.pk)
    try:
        import_apply(waiting, person)
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        new, changed = waiting.summary["new"], waiting.summary["changed"]
        text = ngettext("%(count)d product is new.", "%(count)d products are new.", new)
        more = ngettext("%(count)d product has changed.", "%(count)d products have changed.", changed)
        messages.success(request, f"{text % {'count': new}} {more % {'count': changed}}")
    return redirect("admin:product-import-preview", waiting.pk)


def _fetches(applied: ProductImport) -> dict[str, Any]:
    """Return the numbers of the photos that are fetched, and the first that failed, with the reason."""
    states = list(applied.fetches.values_list("state", flat=True))
    words = {kind.code: kind.message for kind in errors()}
    failed = applied.fetches.filter(state=PhotoFetch.State.FAILED).select_related("product")[:FETCHES_SHOWN]
    return {
        "waiting": states.count(PhotoFetch.State.WAITING),
        "done": states.count(PhotoFetch.State.DONE),
        "failed": states.count(PhotoFetch.State.FAILED),
        "faults": [(fetch, words.get(fetch.code, fetch.code)) for fetch in failed],
    }


def _way() -> dict[str, Any]:
    """Return the way back, for the top of the page."""
    return {
        "list_address": reverse("admin:catalogue_product_changelist"),
        "list_name": Product._meta.verbose_name_plural,
    }
