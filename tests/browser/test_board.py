"""The board in a real browser: rows come as they are scrolled to, and a choice outlives them."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitor, route_now
from tests.factories import ModelImageFactory, ProductFactory, ProductImageFactory
from tryon.batches.models import Batch
from tryon.board.pages import WINDOW
from tryon.catalogue.models import Product

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NUMBER = 10 * WINDOW


@pytest.fixture
def shop(transactional_db: None) -> None:
    """More products than the browser holds at once, on two model photos. No photo has its files."""
    products = [ProductFactory.build(product_id=f"SKU-{number:03}") for number in range(NUMBER)]
    Product.objects.bulk_create(products)
    for product in products:
        product.source_photo = ProductImageFactory.create(catalogue_product=product)
    Product.objects.bulk_update(products, ["source_photo"])
    ModelImageFactory.create_batch(2)


def test_the_board_is_scrolled_chosen_from_and_planned(staff: Visitor, shop: None) -> None:
    page = staff.page
    page.goto("/admin/board/")
    page.check("tr:has-text('SKU-001') input[name=place] >> nth=0")
    page.evaluate("document.activeElement.blur()")  # rows with the focus stay
    page.locator(".board-grid").evaluate("grid => grid.scrollTo(0, grid.scrollHeight)")
    last = page.locator(f"tr:has-text('SKU-{NUMBER - 1:03}')")
    last.wait_for()
    page.locator("tr:has-text('SKU-001')").wait_for(state="detached")
    assert page.locator(".board-grid tbody tr").count() < NUMBER / 2
    last.locator(".board-all").check()
    expect(page.locator("#board-chosen")).to_have_text("Chosen cells: 3")
    page.locator(".board-grid").evaluate("grid => grid.scrollTo(0, 0)")
    first = page.locator("tr:has-text('SKU-001')")
    first.wait_for()
    expect(first.locator("input[name=place]").nth(0)).to_be_checked()
    page.click("text=Plan the chosen cells")
    page.wait_for_url("**/admin/batches/**")
    items = Batch.objects.get().items
    assert sorted(items.values_list("product_image__catalogue_product__product_id", flat=True)) == [
        "SKU-001",
        f"SKU-{NUMBER - 1:03}",
        f"SKU-{NUMBER - 1:03}",
    ]


def test_rows_that_can_not_be_loaded_are_told_and_come_later(staff: Visitor, shop: None) -> None:
    page = staff.page
    page.goto("/admin/board/")
    route_now(page, "**/admin/board/?*rows=1*", lambda route: route.abort())
    grid = page.locator(".board-grid")
    grid.evaluate("grid => grid.scrollTo(0, grid.scrollHeight)")
    page.get_by_text("Further rows can't be loaded now.").wait_for()
    page.unroute("**/admin/board/?*rows=1*")
    grid.evaluate("grid => grid.scrollTo(0, 0)")
    page.locator("tr:has-text('SKU-000')").wait_for()
    grid.evaluate("grid => grid.scrollTo(0, grid.scrollHeight)")
    page.locator(f"tr:has-text('SKU-{NUMBER - 1:03}')").wait_for()
    page.get_by_text("Further rows can't be loaded now.").wait_for(state="hidden")
