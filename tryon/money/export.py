"""The money as a table for a spreadsheet."""

import csv
from collections.abc import Iterator
from typing import Any, Final

from config.shops.names import requester_words
from tryon.money.ledger import COLUMNS, SUMS
from tryon.money.models import Spending
from tryon.money.selectors import Scope, spending
from tryon.money.tables import PERSON, batch_names, model_names, usernames

# A spreadsheet takes a text that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Echo:
    """A file that returns each line in place of writing it."""

    def write(self, line: str) -> str:
        return line


def spreadsheet(scope: Scope) -> Iterator[str]:
    """Yield the lines of a CSV file: the credits of each day by all columns. Its first mark says UTF-8."""
    lines = spending(scope, COLUMNS)
    names = {
        "party": usernames(
            {line.columns["party"] for line in lines if line.columns["party"].startswith(PERSON)}
        ),
        "batch_id": {**batch_names({line.columns["batch_id"] for line in lines}), None: ""},
        "model_image_id": model_names({line.columns["model_image_id"] for line in lines}),
    }
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow([_title(name) for name in (*COLUMNS, *SUMS)])
    for line in lines:
        words = [
            names.get(name, {}).get(value) or _plain(name, value) for name, value in line.columns.items()
        ]
        yield writer.writerow([*map(_safe, words), *line.sums.values()])


def _title(column: str) -> str:
    return str(getattr(Spending._meta.get_field(column), "verbose_name", column))


def _plain(column: str, value: Any) -> Any:
    return requester_words(value) if column == "party" else value


def _safe(value: Any) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
