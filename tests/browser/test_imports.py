"""A merchandiser imports a season's products: a check with reasons first, then all at once."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitor
from tryon.catalogue.models import Product

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_an_import_is_checked_and_then_applied(staff: Visitor) -> None:
    page, faults = staff.page, []

    def send(text: str) -> None:
        file = {"name": "season.csv", "mimeType": "text/csv", "buffer": text.encode("cp949")}
        page.set_input_files("#id_file", file)  # type: ignore[arg-type]  # its stubs want one kind of mapping
        page.click("text=Check the file")
        page.wait_for_url("**/products/import/*-*/")

    page.goto("/admin/catalogue/product/")
    page.click("text=Import…")
    page.wait_for_url("**/products/import/")
    faults += staff.faults()
    send("product_id,name,price\nSKU-1,셔츠,39000\nSKU-2,바지,abc\n")
    expect(page.locator("#content")).to_contain_text("Write the price with a point")
    expect(page.get_by_text("Apply")).to_have_count(0)
    faults += staff.faults()
    page.click("text=Send the corrected file")
    send("product_id,name,price\nSKU-1,셔츠,39000\nSKU-2,바지,49000\n")
    assert not Product.objects.exists()
    page.click("button:has-text('Apply')")
    expect(page.get_by_text("2 products are new.")).to_be_visible()
    faults += staff.faults()
    assert not faults, "\n".join(faults)
    assert set(Product.objects.values_list("name", flat=True)) == {"셔츠", "바지"}
