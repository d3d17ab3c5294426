"""Numbered pages: ``?page=`` and ``?pageSize=``.

DRF's PageNumberPagination answers 404 past the end and for a page that is no number, and replaces a wrong
page size by the default. We would override each of its decisions, in more lines than this module has.
"""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

PAGE_SIZE = 24
MAX_PAGE_SIZE = 100


def paginate[M: Model](queryset: QuerySet[M], request: Request) -> tuple[list[M], dict[str, Any]]:
    """Return one page of rows and the ``meta`` of the answer. A page past the end is empty, not an error."""
    number = _positive(request, "page", 1)
    size = min(_positive(request, "pageSize", PAGE_SIZE), MAX_PAGE_SIZE)
    paginator = Paginator(queryset, size)
    rows = list(paginator.page(number).object_list) if number <= paginator.num_pages else []
    meta = {"page": number, "pageSize": size, "total": paginator.count, "pages": paginator.num_pages}
    return rows, meta


def _positive(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) > 0):
        raise ValidationError({name: [_("A whole number from 1 up.")]})
    return int(text)
