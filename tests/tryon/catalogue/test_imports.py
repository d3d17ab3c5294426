"""Tables of products: read right or refused, checked before anything changes, applied whole or not at all."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from config.core import clock
from tests import images
from tests.admin_pages import page, sign_in, upload
from tests.factories import ProductImageFactory
from tests.tryon.cleanup.world import clean
from tests.tryon.fashn.loopback import Loopback, answer
from tryon import tasks
from tryon.catalogue.models import PhotoFetch, Product, ProductImport, UploadAttempt
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db

IMPORT: Final = "/admin/products/import/"
HEAD: Final = "product_id,name,price,currency,collection,tags,photo\n"
ROW: Final = 'SKU-1,Shirt,"1,299.50",eur,Summer,"Linen, blue",\n'


def send(client: Client, content: str | bytes, name: str = "products.csv") -> str:
    """Send a file; the text of the page it ends on."""
    content = content.encode() if isinstance(content, str) else content
    response = client.post(IMPORT, {"file": upload(name, content)}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def apply(client: Client) -> str:
    """Apply the import that was sent last; the text of the page."""
    found = ProductImport.objects.latest("created_at")
    return client.post(f"{IMPORT}{found.pk}/", follow=True).content.decode()


def xlsx(*rows: list[Any]) -> bytes:
    """An XLSX file with these rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_nothing_changes_before_a_person_has_seen_the_check(staff: Client) -> None:
    Product.objects.create(product_id="SKU-2", name="Old", collection="Winter")
    Product.objects.create(product_id="SKU-3", name="Same")

    text = send(staff, f"{HEAD.rstrip()},Weight\n{ROW}SKU-2,New,,,,,\nSKU-3,Same,,,,,\n")

    assert "All rows are right." in text
    for label, number in (("New products", 1), ("Changed products", 1), ("Without a change", 1)):
        assert f"<dt>{label}</dt><dd>{number}</dd>" in text
    assert "<dt>Columns that are left out</dt><dd>weight</dd>" in text
    assert Product.objects.count() == 2

    assert "1 product is new. 1 product has changed." in apply(staff)
    shirt, other = Product.objects.get(product_id="SKU-1"), Product.objects.get(product_id="SKU-2")
    assert (shirt.name, shirt.price, shirt.currency) == ("Shirt", Decimal("1299.50"), "EUR")
    assert shirt.tags == ["linen", "blue"]
    assert (other.name, other.collection) == ("New", "")


def test_a_column_that_is_missing_stays_as_it_is(staff: Client) -> None:
    Product.objects.create(product_id="SKU-1", name="Old", collection="Winter")
    send(staff, "product_id;name\nSKU-1;New\n")
    apply(staff)
    product = Product.objects.get()
    assert (product.name, product.collection) == ("New", "Winter")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("product_id,name\nSKU-1,셔츠\n".encode("cp949"), "CP949"),
        ("product_id,name\nSKU-1,셔츠\n".encode("utf-8-sig"), "UTF-8"),
        ("product_id\tname\nSKU-1\t셔츠\n".encode("utf-16"), "UTF-16"),
        (xlsx(["product_id", "name"], ["SKU-1", "셔츠"]), ""),
    ],
)
def test_what_korean_excel_writes_is_read_right(staff: Client, content: bytes, encoding: str) -> None:
    send(staff, content)
    apply(staff)
    assert Product.objects.get().name == "셔츠"
    assert ProductImport.objects.get().encoding == encoding


def test_numbers_of_a_spreadsheet_are_no_fractions(staff: Client) -> None:
    send(staff, xlsx(["Product ID", "price"], [1001.0, 19.9], [None, None], [1002, 20]))
    apply(staff)
    assert dict(Product.objects.values_list("product_id", "price")) == {
        "1001": Decimal("19.90"),
        "1002": Decimal("20.00"),
    }


def packed(name: str, content: bytes) -> bytes:
    """A ZIP file with one file in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def damaged(name: str, part: bytes, other: bytes) -> bytes:
    """An XLSX file with a change in one of its parts."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(["product_id"], ["SKU-1"]))) as whole,
        zipfile.ZipFile(file, "w") as copy,
    ):
        for entry in whole.namelist():
            content = whole.read(entry)
            copy.writestr(entry, content.replace(part, other) if entry == name else content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("product_id,name\nSKU-1,Größe\n".encode("latin-1"), "The encoding of this file is not known."),
        ("product_id,name\nSKU-1,シャツ\n".encode("shift-jis"), "The encoding of this file is not known."),
        (b"\xff\xfea", "The encoding of this file is not known."),
        (b"", "The file is empty."),
        (b"product_id\n\n", "no product below it"),
        (b"name\nShirt\n", "The first row has no column product_id."),
        (b"product_id,name,Name\nSKU-1,a,b\n", "Two columns have the name name."),
        (b'product_id\n"SKU-1' + b"x" * 200_000, "This CSV file is damaged"),
        (b"product_id\n\0\n", "This file is no table."),
        (packed("photo.jpg", b"x"), "This file is no table."),
        (damaged("xl/worksheets/sheet1.xml", b"</row>", b""), "This file is no table."),
        (damaged("xl/workbook.xml", b"</workbook>", b""), "This file is no table."),
        (lambda: packed("xl/bomb.xml", b"<c/>" * 1_000_001), "There is too much in this file."),
        (lambda: packed("xl/bomb.xml", bytes(100_000_001)), "There is too much in this file."),
        (b"product_id\n" + b"SKU\n" * 10_001, "There are more than 10,000 rows."),
        (b"x" * 5_000_001, "The file is larger than 5 MB."),
    ],
)
def test_a_file_that_is_no_table_of_ours_is_refused_with_a_sentence(
    staff: Client, content: bytes | Callable[[], bytes], told: str
) -> None:
    assert told in send(staff, content() if callable(content) else content)
    assert not ProductImport.objects.exists()


@pytest.mark.parametrize(
    ("row", "column", "told"),
    [
        (",Shirt,,,,,", "product_id", "This field cannot be blank."),
        (f"{'x' * 101},,,,,,", "product_id", "at most 100 characters"),
        ("SKU-1,,abc,,,,", "price", "Write the price with a point"),
        ('SKU-1,,"19,90",,,,', "price", "Write the price with a point"),
        ("SKU-1,,1.999,,,,", "price", "no more than 2 decimal places"),
        ("SKU-1,,-1,,,,", "price", "A price can&#x27;t be negative."),
        ("SKU-1,,,EURO,,,", "currency", "Write the three letters"),
        (f"SKU-1,,,,,{'x' * 41},", "tags", "at most 20 tags"),
        ("SKU-1,,,,,,nowhere.jpg", "photo", "There is no photo with this file name."),
        ("SKU-1,,,,,,ftp://shop.example/a.jpg", "photo", "This is not an address of a photo."),
        ("SKU-0,,,,,,", "product_id", "Row 2 has this product too."),
    ],
)
def test_a_row_that_is_wrong_is_named_and_stops_all(staff: Client, row: str, column: str, told: str) -> None:
    text = send(staff, f"{HEAD}SKU-0,,,,,,\n{row}\n")

    assert f'<th scope="row">3</th><td>{row.split(",")[0][:100]}</td><td>{column}</td>' in text
    assert told in text
    assert "can&#x27;t be applied" in apply(staff)
    assert not Product.objects.exists()


@pytest.mark.slow
def test_ten_thousand_bad_rows_give_a_hundred_errors_and_their_number(staff: Client) -> None:
    rows = "".join(f"SKU-{number},abc\n" for number in range(10_000))

    text = send(staff, f"product_id,price\n{rows}")

    assert "10000 rows are wrong." in text
    assert text.count("Write the price with a point") == 100
    assert "These are the first 100 rows." in text


def test_a_file_name_finds_the_uploaded_photo(staff: Client) -> None:
    sent, by_number, by_id = ProductImageFactory.create_batch(3)
    UploadAttempt.objects.create(
        person=User.objects.get(), file_name="IMG 1.jpg", outcome="added", library="x", product_image=sent
    )
    names = {"SKU-A": "IMG 1.jpg", "SKU-B": f"{by_number.product_id}.png", "SKU-C": str(by_id.pk)}

    send(staff, "product_id,photo\n" + "".join(f"{number},{name}\n" for number, name in names.items()))
    apply(staff)

    photos = dict(Product.objects.filter(product_id__in=names).values_list("product_id", "source_photo"))
    assert photos == {"SKU-A": sent.pk, "SKU-B": by_number.pk, "SKU-C": by_id.pk}
    sent.refresh_from_db()
    assert sent.product_id == "SKU-A"


def test_a_second_press_applies_nothing(staff: Client) -> None:
    send(staff, HEAD + ROW)
    apply(staff)
    Product.objects.all().delete()
    assert "This import was applied already." in apply(staff)
    assert not Product.objects.exists()


def test_what_has_become_wrong_since_the_check_is_not_applied(staff: Client) -> None:
    photo = ProductImageFactory.create()
    send(staff, f"product_id,photo\nSKU-A,\nSKU-B,{photo.pk}\n")
    photo.delete()

    text = apply(staff)

    assert "Since the check something has changed" in text
    assert "There is no photo with this file name." in text
    assert not Product.objects.exists()


def test_an_import_belongs_to_the_person_who_sent_it(staff: Client) -> None:
    send(staff, HEAD + ROW)
    found = ProductImport.objects.get()
    other = Client()
    other.force_login(User.objects.create_superuser("bea"))
    assert other.post(f"{IMPORT}{found.pk}/").status_code == 404
    assert not Product.objects.exists()


def test_rows_that_nobody_applies_are_forgotten_after_a_day(staff: Client) -> None:
    send(staff, HEAD + ROW)
    ProductImport.objects.update(created_at=clock.now() - timedelta(hours=25))
    clean("old_imports")
    found = ProductImport.objects.get()
    assert found.rows == []
    assert "Send the file again." in page(staff, f"{IMPORT}{found.pk}/")
    assert "can&#x27;t be applied" in apply(staff)


@pytest.mark.django_db(transaction=True)
def test_a_photo_is_fetched_by_a_worker_and_a_fault_is_told(staff: Client, settings: Settings) -> None:
    with Loopback() as server:
        settings.FILE_URL_HOSTS = [server.host]
        server.answers(answer(images.garment_photo(images.SMALL_SQUARE)), answer(b"no photo"))
        send(staff, f"product_id,photo\nSKU-1,{server.url}/a.jpg\nSKU-2,{server.url}/b.jpg\n")
        assert "Waiting: 2." in apply(staff)
        assert not ProductImage.objects.exists()
        for _ in range(2):  # the second finds nothing to do
            tasks.cleanup("photo_fetches")
        server.answers(answer(images.garment_photo(images.SMALL_SQUARE)))
        send(staff, f"product_id,photo\nSKU-1,{server.url}/again.jpg\n")
        apply(staff)
        tasks.cleanup("photo_fetches")
    photo = ProductImage.objects.get()
    assert set(PhotoFetch.objects.values_list("state", flat=True)) == {"done", "failed"}
    assert Product.objects.get(product_id="SKU-1").source_photo == photo
    assert photo.product_id == "SKU-1"
    text = page(staff, f"{IMPORT}{ProductImport.objects.earliest('created_at').pk}/")
    assert "Done: 1. Waiting: 0. Failed: 1." in text
    assert "This is not a photo in a format that we read." in text


@pytest.mark.parametrize("part", ["add_product", "change_product"])
def test_who_may_do_only_a_part_of_it_imports_nothing(part: str) -> None:
    assert sign_in(f"catalogue.{part}").get(IMPORT).status_code == 403


def test_who_may_fetch_no_photos_imports_none_by_address() -> None:
    staff = sign_in("catalogue.add_product", "catalogue.change_product", "catalogue.view_product")
    text = send(staff, "product_id,photo\nSKU-1,https://shop.example/a.jpg\n")
    assert "You may not have photos fetched." in text


def test_who_may_change_no_photos_moves_none_to_another_product() -> None:
    photo = ProductImageFactory.create(product_id="SKU-9")
    staff = sign_in("catalogue.add_product", "catalogue.change_product", "catalogue.view_product")
    text = send(staff, f"product_id,photo\nSKU-1,{photo.pk}\nSKU-9,{photo.pk}\n")
    assert text.count("This photo is of another product.") == 1


def test_what_was_exported_can_be_imported(staff: Client) -> None:
    photo = ProductImageFactory.create()
    Product.objects.create(product_id="=1+1", name="-Sale", price="5.50", tags=["a", "b"], source_photo=photo)
    data = {"action": "export_csv", "_selected_action": [str(Product.objects.get().pk)], "index": "0"}

    answer = staff.post("/admin/catalogue/product/", data)

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0]["product_id"] == "'=1+1"
    text = send(staff, answer.content)
    assert "<dt>Without a change</dt><dd>1</dd>" in text
