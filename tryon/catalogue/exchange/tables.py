"""Tables from spreadsheets: CSV in the encodings that Excel writes, and XLSX. Bounded in size and rows."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, Final

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

MOST_BYTES: Final = 5_000_000
MOST_ROWS: Final = 10_000
MOST_COLUMNS: Final = 50
# An XLSX file is a ZIP: a small one can hold gigabytes.
MOST_UNPACKED_BYTES: Final = 100_000_000
# A cell has four, and its text three more. The reader keeps a row's cells at once, at 330 bytes each.
MOST_TAGS: Final = 1_000_000
DELIMITERS: Final = ",;\t"
NUMBER: Final = "#"
KOREAN_SIGNS: Final = "·…“”‘’×℃㎝㎏￦"  # noqa: RUF001  (these are meant)
# A spreadsheet takes a cell that begins so for a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
QUOTED: Final = tuple(f"'{sign}" for sign in FORMULA)


class TableRefused(Exception):
    """The file can't be read as a table. The text is a sentence for a person, in their language."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file below its headers, in lower case. ``encoding`` is empty for XLSX.

    The first cell of a row is its number in the file, below the header ``NUMBER``.
    """

    headers: list[str]
    rows: list[list[str]]
    encoding: str = ""


def table_read(file: BinaryIO, size: int) -> Table:
    """Return the table in an uploaded file, by its content. Raise TableRefused."""
    if size > MOST_BYTES:
        text = _("The file is larger than %(most)d MB. Split it, and import one part after the other.")
        raise TableRefused(text % {"most": MOST_BYTES // 1_000_000})
    file.seek(0)
    content = file.read()
    if not content.strip():
        raise TableRefused(
            _("The file is empty. Send one with a line of headers and a line for each product.")
        )
    if content.startswith(b"PK"):
        return _table(_xlsx_rows(content), "")
    text, encoding = decoded(content)
    if "\0" in text:
        raise TableRefused(_("This file is no table. Send a CSV or XLSX file."))
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        return _table(rows, encoding)
    except csv.Error as error:
        raise TableRefused(_("This CSV file is damaged: a quote is open, or a cell is too long.")) from error


def decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a CSV file and the name of its encoding. Raise TableRefused.

    Excel writes UTF-8 with a mark, UTF-16 ("Unicode text"), and in Korea CP949. Bytes of other encodings also
    decode as CP949, but not to Korean: they are refused before anybody reads garbage.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        attempts = [("UTF-16", "utf-16")]
    else:
        attempts = [("UTF-8", "utf-8-sig"), ("CP949", "cp949")]
    for name, codec in attempts:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if name != "CP949" or _is_korean(text):
            return text, name
    raise TableRefused(
        _("The encoding of this file is not known. In Excel, save it as “CSV UTF-8”, or send the XLSX file.")
    )


def _is_korean(text: str) -> bool:
    """Return whether a text is one that people write in Korea: Hangul, nearly all of it common, and signs."""
    special = [character for character in text if ord(character) >= 0x80 and character not in KOREAN_SIGNS]
    common = sum(len(character.encode("euc_kr", "ignore")) == 2 for character in special)  # of 2,350
    return all("가" <= one <= "힣" for one in special) and common * 10 >= len(special) * 9


def _delimiter(text: str) -> str:
    """Return the sign between cells: the one that parts the line of headers most."""
    first = text.lstrip().split("\n", 1)[0]
    return max(DELIMITERS, key=first.count)


def _xlsx_rows(content: bytes) -> Iterator[Sequence[Any]]:
    """Yield the rows of the first sheet, with values in place of formulas. Raise TableRefused."""
    refusal = TableRefused(_("This file is no table. Send a CSV or XLSX file."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            is_bomb = unpacked > MOST_UNPACKED_BYTES or _tags(archive) > MOST_TAGS
        if is_bomb:
            raise TableRefused(_("There is too much in this file. Send a sheet with the products alone."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        yield from sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True)
    except TableRefused:
        raise
    except Exception as error:  # a damaged file raises whatever breaks first, also between two rows
        raise refusal from error


def _tags(archive: zipfile.ZipFile) -> int:
    """Return the number of tags in all parts of a file, at most: pictures have some of their signs too."""
    number = 0
    for entry in archive.infolist():
        with archive.open(entry) as part:
            while piece := part.read(1 << 20):
                number += piece.count(b"<")
    return number


def _table(rows: Iterable[Sequence[Any]], encoding: str) -> Table:
    """Return the rows as texts, without those that are empty. Raise TableRefused."""
    texts = ((str(number), [cell_text(cell) for cell in row]) for number, row in enumerate(rows, start=1))
    filled = ((number, cells) for number, cells in texts if any(cells))
    headers = [name.lower().replace(" ", "_") for name in next(filled, ("", []))[1]]
    if len(headers) > MOST_COLUMNS:
        raise TableRefused(_("There are more than %(most)d columns.") % {"most": MOST_COLUMNS})
    while headers and not headers[-1]:
        headers.pop()
    if repeated := {name for name in headers if name and headers.count(name) > 1}:
        text = _("Two columns have the name %(name)s. Rename one.")
        raise TableRefused(text % {"name": min(repeated)})
    found: list[list[str]] = []
    for number, cells in filled:
        if len(found) == MOST_ROWS:
            text = _(
                "There are more than %(most)s rows. Split the file, and import one part after the other."
            )
            raise TableRefused(text % {"most": f"{MOST_ROWS:,}"})
        found.append([number, *cells[: len(headers)], *[""] * (len(headers) - len(cells))])
    return Table([NUMBER, *headers], found, encoding)


def cell_text(cell: Any) -> str:
    """Return a cell as text: whole numbers without a fraction, and without the quote of our exports."""
    match cell:
        case None:
            return ""
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date():
            return cell.isoformat()
    text = str(cell).strip()
    return text[1:] if text.startswith(QUOTED) else text


def cell_safe(value: Any) -> Any:
    """Return a value for an export. A text that a spreadsheet takes for a formula gets a quote before it.

    Control characters go: XLSX has none.
    """
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    return f"'{text}" if text.startswith(FORMULA) else text
