"""The tables of the money page: credits by what they were paid for."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from config.core.upkeep.models import DailyCount
from config.shops.names import requester_words
from models_library.models import ModelImage
from results.models import Reason
from tryon.accounts import counted_as
from tryon.batches.models import Batch
from tryon.engine.savings import CREDITS_SAVED
from tryon.money.asked import query_of
from tryon.money.ledger import Line
from tryon.money.models import Outcome
from tryon.money.selectors import Scope, Total, complaints, spending, totals_by

MOST_ROWS: Final = 50
MOST_REASONS: Final = 3
PERSON: Final = "user:"
GARMENT_TYPES: Final = {
    "auto": _("FASHN finds out"),
    "flat-lay": _("Without a person"),
    "model": _("Worn by a person"),
}

type Names = Callable[[Collection[Any]], Mapping[Any, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a name, its sums, the query of the calls behind it, and the reasons against its pictures."""

    name: Any
    total: Total
    query: str = ""
    reasons: Sequence[tuple[Any, int]] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the rows with the most credits, and the sum of all others. A league compares photos."""

    name: str
    title: Any
    rows: Sequence[Row]
    rest: Row | None
    is_league: bool


# By these there are few lines. Batches and model photos are many, and are summed by themselves.
FEW_LINES: Final = ("party", "garment_type", "model_name", "speed", "outcome", "is_rescued")


def tables(scope: Scope, lines: Sequence[Line]) -> list[Table]:
    """Return the tables of a scope, whose lines by ``FEW_LINES`` are given.

    Those of shops and of people together have all its credits.
    """
    batches, photos = (spending(scope, [name, "outcome"]) for name in ("batch_id", "model_image_id"))
    shops = [line for line in lines if not line.columns["party"].startswith(PERSON)]
    people = [line for line in lines if line.columns["party"].startswith(PERSON)]
    given = complaints(scope)
    return [
        _table(scope, "outcome", _("Outcome"), lines, ["outcome"], _of(lambda key: Outcome(key).label)),
        _table(scope, "shop", _("Shop"), shops, ["party"], _of(requester_words)),
        _table(scope, "person", _("Person"), people, ["party"], usernames),
        _table(scope, "batch", _("Batch"), batches, ["batch_id"], batch_names),
        _table(scope, "model", _("Model photo"), photos, ["model_image_id"], model_names, given),
        _table(scope, "type", _("Garment photo"), lines, ["garment_type"], _of(_type_words), given),
        _table(scope, "mode", _("Mode"), lines, ["model_name", "speed"], _of(" ".join)),
    ]


def credits_saved(scope: Scope) -> int:
    """Return the credits that reuse saved in a period, of all requests together."""
    rows = DailyCount.objects.filter(
        name=counted_as(scope.account, CREDITS_SAVED), day__range=(scope.first, scope.last)
    )
    return rows.aggregate(sum=Sum("number"))["sum"] or 0


def usernames(keys: Collection[Any]) -> dict[Any, Any]:
    """Return the names of people by their requesters."""
    numbers = [key.removeprefix(PERSON) for key in keys]
    found = User.objects.filter(pk__in=[number for number in numbers if number.isdecimal()])
    return {f"{PERSON}{pk}": name for pk, name in found.values_list("pk", "username")}


def batch_names(keys: Collection[Any]) -> dict[Any, Any]:
    """Return the names of batches by their ids."""
    found = Batch.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name")
    return {None: _("No batch"), **dict(found)}


def model_names(keys: Collection[Any]) -> dict[Any, Any]:
    """Return the names of model photos by their ids."""
    found = ModelImage.objects.filter(pk__in=[key for key in keys if key]).values_list("pk", "name")
    return {None: _("Photos of shoppers"), **dict(found)}


def _table(
    scope: Scope,
    name: str,
    title: Any,
    lines: Iterable[Line],
    columns: Sequence[str],
    names: Names,
    given: Iterable[tuple[Mapping[str, Any], str, int]] | None = None,
) -> Table:
    def key_of(row: Mapping[str, Any]) -> Any:
        values = tuple(row[column] for column in columns)
        return values if len(values) > 1 else values[0]

    reasons: dict[Any, Counter[str]] = {}
    for row, reason, number in given or ():
        reasons.setdefault(key_of(row), Counter())[reason] += number
    totals = totals_by(lines, key_of)
    shown = list(totals.items())[:MOST_ROWS]
    words = names([key for key, _total in shown])
    rows = [
        Row(
            name=words.get(key) or key,
            total=found,
            query=query_of(scope, **dict(zip(columns, key if len(columns) > 1 else [key], strict=True))),
            reasons=[
                (_reason_words(reason), number)
                for reason, number in reasons.get(key, Counter()).most_common(MOST_REASONS)
            ],
        )
        for key, found in shown
    ]
    return Table(name, title, rows, _rest(list(totals.values())[MOST_ROWS:]), given is not None)


def _rest(totals: Sequence[Total]) -> Row | None:
    if not totals:
        return None
    rest = Total()
    for other in totals:
        rest.sums.update(other.sums)
        rest.pictures.update(other.pictures)
    return Row(_("All others"), rest)


def _of(words: Callable[[Any], Any]) -> Names:
    """Return the names that ``words`` gives to each key."""
    return lambda keys: {key: words(key) for key in keys}


def _type_words(key: str) -> Any:
    return GARMENT_TYPES.get(key, key)


def _reason_words(reason: str) -> Any:
    return Reason(reason).label if reason in Reason else reason
