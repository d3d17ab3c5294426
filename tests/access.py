"""The table of who may do what over HTTP, ``tests/access.txt``, as values."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, override

from config.shops.abilities import Ability

TABLE: Final = Path(__file__).with_suffix(".txt")
API: Final = "/api/tryon/"
# The owner whose rows only test keys see.
TEST: Final = "t"


@dataclass(frozen=True, slots=True)
class Call:
    """One line of the table.

    ``rows`` is the kind of rows that the call shows or names, empty for none. Who of the staff has ``needs``
    gets what a superuser gets.
    """

    method: str
    address: str
    variant: str
    rows: str
    ok: int
    cells: dict[str, str]
    needs: frozenset[Ability]

    @override
    def __str__(self) -> str:
        return f"{self.method} {self.address}" + (f" ({self.variant})" if self.variant else "")

    @property
    def is_list(self) -> bool:
        """Return whether the answer is a list of rows. Other calls with rows name one."""
        return bool(self.rows) and self.method == "GET" and "<" not in self.address

    @property
    def is_for_everybody(self) -> bool:
        """Return whether the call does not look at who asks."""
        return set(self.cells.values()) == {str(self.ok)}

    @property
    def route(self) -> str:
        """Return the address as ``plain`` has it."""
        return plain(self.address.removeprefix("/"))

    def seen_by(self, caller: str, owners: Collection[str]) -> list[str]:
        """Return those of the owners whose rows the caller gets."""
        return _named(self.cells[caller].partition("!")[0], owners)

    def status_for(self, caller: str, owner: str, owners: Collection[str]) -> int:
        """Return the status of the caller's call for an owner's row, or of a call that names none."""
        cell = self.cells[caller]
        if cell.isdigit():
            return int(cell)
        seen, _mark, refused = cell.partition("!")
        if self.is_list or owner in _named(seen, owners):
            return self.ok
        return 403 if owner in _named(refused, owners) else 404


def _named(cell: str, owners: Collection[str]) -> list[str]:
    if cell.startswith("all"):
        return [owner for owner in owners if owner not in cell.removeprefix("all") + TEST]
    return [owner for owner in owners if owner in cell]


def plain(route: str) -> str:
    """Return a route of the URLconf without the names of its variables."""
    return re.sub(r"<[^>]*>", "<>", route)


def calls() -> Iterator[Call]:
    """Yield each line of the table. One without cells is for everybody."""
    names: list[str] = []
    for line in TABLE.read_text().splitlines():
        first, *cells = [word for word in line.split() if word != "|"] or [""]
        if first == "method":
            names = cells[3:-1]
        elif names and len(cells) >= 3:
            where, rows, ok = cells[:3]
            answers, needs = cells[3 : 3 + len(names)], cells[3 + len(names) :]
            address, _bracket, variant = where.partition("(")
            yield Call(
                method=first,
                address=address if address.startswith("/") else API + address,
                variant=variant.removesuffix(")"),
                rows=rows.strip("-"),
                ok=int(ok),
                cells=dict(zip(names, answers or [ok] * len(names), strict=True)),
                needs=frozenset(Ability[name] for name in needs),
            )
