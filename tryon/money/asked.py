"""The paid calls that a page's address asks for."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.http import QueryDict

from config.core import clock
from tryon.models import Account
from tryon.money.models import Outcome
from tryon.money.selectors import Scope

PERIODS: Final = (7, 30, 90, 365)
DEFAULT_DAYS: Final = 30
MOST_DAYS: Final = 3 * 366
FIRST_YEAR: Final = 2000  # a span of MOST_DAYS before it is still a date
NONE: Final = "none"  # of a batch: no batch. Of a model photo: a shopper's own.
FLAGS: Final = {"yes": True, "no": False}
TEXTS: Final = ("party", "garment_type", "model_name", "speed")
IDS: Final = ("batch_id", "model_image_id")


def scope_asked(fields: QueryDict) -> Scope:
    """Return what an address asks for. Whatever it has in it that can't be understood counts as left out."""
    today = clock.now().date()
    days = fields.get("days", "")
    number = int(days) if days in map(str, PERIODS) else DEFAULT_DAYS
    last = min(_day(fields.get("to")) or today, today)
    first = _day(fields.get("from")) or last - timedelta(days=number - 1)
    first = max(min(first, last), last - timedelta(days=MOST_DAYS))
    account = fields.get("account", "")
    return Scope(first, last, account if account in Account else Account.LIVE, dict(_columns(fields)))


def query_of(scope: Scope, **only: Any) -> str:
    """Return the query of an address that asks for a scope, or for a part of it."""
    fields = QueryDict(mutable=True)
    day = only.pop("day", None)
    fields["from"] = (day or scope.first).isoformat()
    fields["to"] = (day or scope.last).isoformat()
    fields["account"] = scope.account
    for name, value in {**scope.only, **only}.items():
        fields[name] = _text(value)
    return fields.urlencode()


def _columns(fields: QueryDict) -> Iterator[tuple[str, Any]]:
    for name in TEXTS:
        if value := fields.get(name):
            yield name, value
    for name in IDS:
        if (value := fields.get(name)) == NONE:
            yield name, None
        elif (found := _uuid(value)) is not None:
            yield name, found
    if (outcome := fields.get("outcome", "")) in Outcome:
        yield "outcome", outcome
    if (flag := fields.get("is_rescued", "")) in FLAGS:
        yield "is_rescued", FLAGS[flag]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NONE if value is None else str(value)


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day.year >= FIRST_YEAR else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
