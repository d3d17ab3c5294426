"""The actions that export the chosen rows of a list."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import CSV, XLSX

from config.core import clock
from config.people import audit
from tryon.catalogue.exchange.exports import SHEETS, sheet_rows

MOST_ROWS: Final = 10_000


@admin.action(description=_("Export as CSV"), permissions=["view"])
def export_csv(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
    return _export(request, queryset, CSV())


@admin.action(description=_("Export as XLSX"), permissions=["view"])
def export_xlsx(model_admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
    return _export(request, queryset, XLSX())


def offer_exports() -> None:
    """Add the actions to the lists that have a sheet. Call it when all are registered."""
    for model in SHEETS:
        registered: Any = admin.site._registry[model]
        registered.actions = [*registered.actions, export_csv, export_xlsx]


def _export(request: HttpRequest, queryset: QuerySet[Any], form: Any) -> HttpResponse | None:
    """Return the rows as a file, or None with a message if they are too many."""
    if (rows := queryset.order_by().values("pk")[: MOST_ROWS + 1].count()) > MOST_ROWS:
        text = gettext("An export has at most %(most)s rows. Filter the list first, such as by date.")
        messages.error(request, text % {"most": f"{MOST_ROWS:,}"})
        return None
    content = form.export_data(SHEETS[queryset.model]().export(sheet_rows(queryset)))
    if isinstance(content, str):
        content = content.encode("utf-8-sig")  # Excel takes UTF-8 without a mark for another encoding
    name = f"{queryset.model._meta.model_name}-{clock.today()}.{form.get_extension()}"
    audit.note_export(name, count=rows)
    return HttpResponse(
        content,
        content_type=form.get_content_type(),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
