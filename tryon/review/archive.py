"""Approved results as a ZIP that is made while it is sent: no temporary file, and one piece in memory."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.timezone import localtime
from zipstream import ZipStream  # type: ignore[import-untyped]

from config.core.errors import DomainError
from config.core.images import SOURCE_TYPE
from config.core.storage import pieces
from results.decisions import standing
from results.labels import ai_label
from results.models import Decision, Review, ReviewDecision, TryOnResult

# More are not put in one file.
MOST: Final = 5000
# Of a file's name. Disks take 255.
MOST_BYTES: Final = 150
UNUSABLE: Final = re.compile(r"[^\w.-]+")
# A spreadsheet takes a text that begins with one of these for a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Line:
    """A result in the manifest. ``sha256`` and ``bytes`` are of the file in the ZIP.

    ``state`` is ``ok``, ``missing`` for a picture that storage no longer has, or ``incomplete`` for one whose
    reading broke off.
    """

    file: str
    state: str
    sha256: str
    bytes: int
    result: str
    job: str
    product: str
    model: str
    options: str
    credits: int
    ai_label: str
    ai_source_type: str
    created: str
    approved_by: str
    approved: str


def approved(results: QuerySet[TryOnResult]) -> list[TryOnResult]:
    """Return the approved ones of these results, at most ``MOST``. None is of a shopper's photo."""
    rows = results.filter(review=Review.APPROVED, job__shopper_photo=None)
    rows = rows.select_related("job__product_image", "job__model_image")
    return list(rows.defer("job__error_message", "job__product_image__metadata")[:MOST])


def archive(results: Sequence[TryOnResult]) -> Iterator[bytes]:
    """Return the pieces of a ZIP with the pictures of these results and a manifest, in CSV and JSON.

    All rows are read now, and the pictures while the pieces are taken.
    """
    deciders = _deciders([row.pk for row in results])
    label = ai_label()["text"]
    lines = [(str(row.image), _line(row, label, deciders.get(row.pk))) for row in results]
    return _pieces(lines)


def _pieces(lines: Sequence[tuple[str, Line]]) -> Iterator[bytes]:
    archived = ZipStream()
    for key, line in lines:
        coming = _started(key, line)
        if coming is None:
            line.file = ""
            continue
        archived.add(coming, line.file)
        yield from archived.file()
    manifest = [line for _key, line in lines]
    archived.add(_as_csv(manifest), "manifest.csv")
    as_json = json.dumps([asdict(line) for line in manifest], ensure_ascii=False, indent=1)
    archived.add(as_json, "manifest.json")
    yield from archived.finalize()


def _started(key: str, line: Line) -> Iterator[bytes] | None:
    """Return the pieces of a picture, of which the first one is there. None for one that can't be read."""
    coming = pieces(key)
    try:
        first = next(coming, b"")
    except DomainError:
        line.state = "missing"
        return None
    return _noted(first, coming, line)


def _noted(first: bytes, rest: Iterator[bytes], line: Line) -> Iterator[bytes]:
    """Yield the pieces of a picture, and note their checksum and size in its line."""
    digest = hashlib.sha256()
    try:
        piece = first
        while piece:
            digest.update(piece)
            line.bytes += len(piece)
            yield piece
            piece = next(rest, b"")
        line.state = "ok"
    except DomainError:
        line.state = "incomplete"
    line.sha256 = digest.hexdigest()


def _line(row: TryOnResult, label: str, decided: tuple[str, str] | None) -> Line:
    job = row.job
    words = UNUSABLE.sub("-", f"{job.product_image}_{job.model_image}")
    # Cut before the id, which tells pictures of the same photos apart.
    words = words.encode()[:MOST_BYTES].decode(errors="ignore")
    who, when = decided or ("", "")
    return Line(
        file=f"{words}_{str(row.pk)[:8]}{PurePosixPath(str(row.image)).suffix}",
        state="",
        sha256="",
        bytes=0,
        result=str(row.pk),
        job=str(row.job_id),
        product=job.product_image.product_id,
        model=str(job.model_image),
        options=json.dumps(job.options, ensure_ascii=False),
        credits=row.credits_used,
        ai_label=label,
        ai_source_type=SOURCE_TYPE,
        created=localtime(row.created_at).isoformat(timespec="seconds"),
        approved_by=who,
        approved=when,
    )


def _deciders(ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return who has approved each result, and when."""
    found: dict[UUID, tuple[str, str]] = {}
    for start in range(0, len(ids), 500):
        rows = ReviewDecision.objects.filter(result__in=ids[start : start + 500], verdict=Decision.APPROVED)
        for key, who, when in standing(rows).order_by("at").values_list("result", "person__username", "at"):
            if key is not None:
                found[key] = (who or "", localtime(when).isoformat(timespec="seconds"))
    return found


def _as_csv(lines: Sequence[Line]) -> bytes:
    """Return the manifest for a spreadsheet: with a mark of UTF-8, and without formulas."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = [field.name for field in fields(Line)]
    writer.writerow(names)
    writer.writerows([_harmless(getattr(line, name)) for name in names] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
