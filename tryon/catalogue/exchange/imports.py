"""The import of products: checked first, then applied by the person who sent it, in one transaction."""

from collections.abc import Mapping
from typing import Any, BinaryIO, ClassVar, Final
from uuid import UUID

import tablib
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.core import clock
from config.core.errors import DomainError
from config.people.audit import note
from config.people.models import Decision
from config.shops.abilities import Ability
from tryon.catalogue.exchange.products import ProductSheet
from tryon.catalogue.exchange.tables import NUMBER, Table, TableRefused, table_read
from tryon.catalogue.models import ImportState, PhotoFetch, Product, ProductImport
from tryon.catalogue.services import photo_update
from tryon.engine import queue
from tryon.models import ProductImage

ERRORS_SHOWN: Final = 100
ROWS_SHOWN: Final = 20
COLUMNS: Final = ("product_id", "name", "price", "currency", "collection", "tags", "photo")
FETCHES: Final = "photo_fetches"


class ImportApplied(DomainError):
    code: ClassVar[str] = "import_applied"
    status: ClassVar[int] = 409
    message: Any = gettext_lazy("This import was applied already.")


class ImportOutdated(DomainError):
    code: ClassVar[str] = "import_outdated"
    status: ClassVar[int] = 409
    message: Any = gettext_lazy(
        "Since the check something has changed, and some rows are wrong now. Nothing was applied."
    )


def import_check(person: User, file: BinaryIO, *, size: int, file_name: str) -> ProductImport:
    """Keep a table and what is wrong with it. No product changes. Raise TableRefused."""
    table = table_read(file, size)
    if "product_id" not in table.headers:
        text = _("The first row has no column product_id. Its names are in English: %(names)s.")
        raise TableRefused(text % {"names": ", ".join(COLUMNS)})
    if not table.rows:
        raise TableRefused(_("The file has a line of headers, and no product below it."))
    summary = _summary(table, *_run(table, person, dry_run=True))
    return ProductImport.objects.create(
        person=person,
        file_name=file_name[:200],
        encoding=table.encoding,
        headers=table.headers,
        rows=table.rows,
        summary=summary,
    )


def import_apply(waiting: ProductImport, person: User) -> None:
    """Apply a checked import, all of it or nothing. Raise ImportApplied, and ImportOutdated.

    ImportOutdated leaves a new summary.
    """
    table = Table(waiting.headers, waiting.rows, waiting.encoding)
    wrong: dict[str, Any] = {}
    try:
        with transaction.atomic():
            _claim(waiting)
            result, sheet = _run(table, person, dry_run=False)
            if not _is_right(result):
                wrong = _summary(table, result, sheet)
                raise ImportOutdated
            _give_photos(waiting, sheet.photos)
            note(person, waiting, Decision.IMPORT, products=len(table.rows))
    except ImportOutdated:
        ProductImport.objects.filter(pk=waiting.pk).update(summary=wrong)
        raise


def _claim(waiting: ProductImport) -> None:
    """Take the import, so that a second press applies nothing. Its rows are not needed after this."""
    mine = ProductImport.objects.filter(pk=waiting.pk, state=ImportState.CHECKED)
    if not mine.update(state=ImportState.APPLIED, applied_at=clock.now(), rows=[]):
        raise ImportApplied


def _run(table: Table, person: User, *, dry_run: bool) -> tuple[Any, ProductSheet]:
    """Run django-import-export over the rows. A dry run writes nothing. Return its result and the sheet."""
    sheet = ProductSheet(
        may_fetch=person.has_perm(Ability.FETCH_PHOTOS), may_move=person.has_perm("tryon.change_productimage")
    )
    data = tablib.Dataset(*table.rows, headers=table.headers)
    return sheet.import_data(data, dry_run=dry_run, use_transactions=False), sheet


def _is_right(result: Any) -> bool:
    return not (result.has_errors() or result.has_validation_errors())


def _summary(table: Table, result: Any, sheet: ProductSheet) -> dict[str, Any]:
    """Return what the page shows, as JSON: at most 100 errors, whatever their number."""
    unknown = [name for name in table.headers if name and name not in (*COLUMNS, NUMBER)]
    wrong = [(row.number, row.error_dict) for row in result.invalid_rows]
    wrong += [(row.number, {"": [_("This row can't be read.")]}) for row in result.error_rows]
    shown = sorted(wrong, key=lambda one: one[0])[:ERRORS_SHOWN]
    return {
        "new": result.totals["new"],
        "changed": result.totals["update"],
        "same": result.totals["skip"],
        "wrong": len(wrong),
        "photos": sum(isinstance(photo, UUID) for photo in sheet.photos.values()),
        "fetches": sum(isinstance(photo, str) for photo in sheet.photos.values()),
        "ignored": unknown[:ERRORS_SHOWN],
        "errors": [_faults(table, number, errors) for number, errors in shown],
        "columns": [name for name in COLUMNS if name in table.headers],
        "rows": [_shown(table, row) for row in table.rows[:ROWS_SHOWN]],
    }


def _faults(table: Table, number: int, errors: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return the number, the product and the faults of a row, by column."""
    values = dict(zip(table.headers, table.rows[number - 1], strict=True))
    faults = [[column.strip("_"), " ".join(map(str, texts))[:500]] for column, texts in errors.items()]
    return {"row": values[NUMBER], "product": values["product_id"][:100], "faults": faults}


def _shown(table: Table, row: list[str]) -> list[str]:
    """Return the cells of a row that the page shows, each cut."""
    cells = dict(zip(table.headers, row, strict=True))
    return [cells[NUMBER], *(cells[name][:100] for name in COLUMNS if name in cells)]


def _give_photos(waiting: ProductImport, photos: Mapping[str, UUID | str]) -> None:
    """Make photos of the catalogue the sources of their products, and have the others fetched."""
    products = {one.product_id: one for one in Product.objects.filter(product_id__in=photos)}
    known = ProductImage.objects.in_bulk([photo for photo in photos.values() if isinstance(photo, UUID)])
    changed, fetches = [], []
    for number, wanted in photos.items():
        product = products[number]
        if isinstance(wanted, str):
            fetches.append(PhotoFetch(product_import=waiting, product=product, address=wanted))
            continue
        photo = known[wanted]
        if photo.product_id != number:
            photo.product_id = number
            photo_update(photo, ["product_id"])
        if product.source_photo_id != photo.pk:
            product.source_photo = photo
            changed.append(product)
    Product.objects.bulk_update(changed, ["source_photo"], batch_size=500)
    PhotoFetch.objects.bulk_create(fetches, batch_size=500)
    if fetches:
        queue.enqueue_cleanup(FETCHES)
