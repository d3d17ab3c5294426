"""Pages of a list, newest first: by number (``?page=``), or behind a row (``?after=``).

A numbered page skips the rows before it and tells the total. ``meta.next`` names the last row of a page. The
page behind that row costs as much as the first one, however long the list is. A total is counted up to
``MOST_COUNTED``, and each process remembers a large one for half a minute.

DRF's PageNumberPagination answers 404 past the end and for a page that is no number, replaces a wrong page
size by the default, and counts each time. Its CursorPagination has no page numbers.
"""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any, Final, override
from uuid import UUID

from django.core.cache import caches
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from config.core.http.envelope import ListMetaAnswer
from config.core.http.strict import FormSerializer, Number, Text

PAGE_SIZE = 24
MAX_PAGE_SIZE = 100
MAX_PAGE: Final = 999_999
MOST_COUNTED: Final = 10_000
# A count of fewer rows than this is as fast as a page.
LARGE: Final = 500
REMEMBER_SECONDS: Final = 30


class ListQuery(FormSerializer):
    """The query of a list. Lists add their filters."""

    page = Number(min_value=1, max_value=MAX_PAGE, required=False)
    pageSize = Number(min_value=1, max_value=MAX_PAGE_SIZE, required=False)
    after = Text(
        required=False,
        max_length=200,
        help_text=gettext_lazy("meta.next of the page before, instead of a page number."),
    )

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if {"page", "after"} <= attrs.keys():
            raise ValidationError({"page": [_("Leave out page or after.")]})
        return attrs


def paginate[M: Model](
    queryset: QuerySet[M], request: Request, query: dict[str, Any], *, key: str = "pk"
) -> tuple[list[M], ListMetaAnswer]:
    """Return one page of rows and the ``meta`` of the answer. A page past the end is empty, not an error.

    The rows have the order ``-created_at, key``, and the key, a UUID, is another in each row. ``query`` has
    the values of a ``ListQuery``.
    """
    size = query.get("pageSize", PAGE_SIZE)
    if "after" not in query:
        return _numbered_page(queryset, request, query.get("page", 1), size, key)
    at, row_id = _place(query["after"])
    behind = queryset.filter(Q(created_at__lt=at) | Q((f"{key}__gt", row_id)), created_at__lte=at)
    rows = list(behind[: size + 1])
    return rows[:size], _with_next({"pageSize": size}, rows, size, key)


def _numbered_page[M: Model](
    queryset: QuerySet[M], request: Request, number: int, size: int, key: str
) -> tuple[list[M], ListMetaAnswer]:
    first = (number - 1) * size
    rows = list(queryset[first : first + size + 1])
    # The last page tells the total without a query.
    is_last = len(rows) <= size and (rows or not first)
    total = first + len(rows) if is_last else _total(queryset, request)
    pages = max(1, -(-total // size))
    meta: ListMetaAnswer = {"page": number, "pageSize": size, "total": total, "pages": pages}
    return rows[:size], _with_next(meta, rows, size, key)


def _with_next(meta: ListMetaAnswer, rows: list[Any], size: int, key: str) -> ListMetaAnswer:
    """Add the place of the page's last row if the list goes on: then ``rows`` has one more than a page."""
    if len(rows) > size:
        last = rows[size - 1]
        place = f"{last.created_at.isoformat()} {getattr(last, key)}"
        meta["next"] = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
    return meta


def _place(cursor: str) -> tuple[datetime, UUID]:
    wrong = ValidationError({"after": [_("Send the text of meta.next.")]})
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        written, _space, row_id = text.partition(" ")
        at = datetime.fromisoformat(written)
        # In another zone, the first hours of the year 1 are before all time: databases refuse them.
        place = at.astimezone(UTC), UUID(row_id)
    except (ValueError, OverflowError) as error:
        raise wrong from error
    if at.tzinfo is None:
        raise wrong
    return place


def _total(queryset: QuerySet[Any], request: Request) -> int:
    """Return the number of rows. The memory of it is for this caller, with these abilities, and this list."""
    query = sorted(item for item in request.query_params.items() if item[0] not in ("page", "pageSize"))
    # Equal callers have one hash in a process. Their texts may differ: a set has no order.
    listed = f"{hash(request.user)} {request.path} {query}"
    remember = f"total:{hashlib.sha256(listed.encode()).hexdigest()}"
    known: int | None = caches["process"].get(remember)
    if known is not None:
        return known
    total = queryset.order_by().values("pk")[:MOST_COUNTED].count()
    if total >= LARGE:
        caches["process"].set(remember, total, REMEMBER_SECONDS)
    return total
