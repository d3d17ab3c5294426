"""Many photos in a real browser: chosen or dropped, named, sent three at a time, refused, sent again."""

import re
from typing import Any, Final

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from models_library.models import ModelImage
from tests import images
from tests.browser.visits import Visitor
from tests.waiting import eventually
from tryon.catalogue.models import UploadAttempt
from tryon.models import ProductImage

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ADD: Final = "/admin/tryon/productimage/add/"
ONE: Final = "**/add/one/"
# Drop files with these names and contents on the page.
DROP: Final = """files => {
    const data = new DataTransfer();
    for (const [name, content] of files) {
        data.items.add(new File([typeof content === "string" ? content : new Uint8Array(content)], name));
    }
    document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def photo(name: str, seed: int) -> Any:
    content = images.garment_photo(images.SMALL_SQUARE, seed=seed)
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def choose(page: Page, *files: Any) -> None:
    page.locator("#id_photos").set_input_files(files)


def row(page: Page, name: str) -> Any:
    return page.locator("#studio-queue li").filter(
        has=page.locator("strong", has_text=re.compile(f"^{name}$"))
    )


def test_photos_are_named_before_they_are_sent_and_three_travel_at_a_time(staff: Visitor) -> None:
    page = staff.page
    held: list[Route] = []
    page.route(ONE, lambda route: held.append(route))
    page.goto(ADD)

    choose(
        page,
        photo("SKU-1_front.jpg", 1),
        photo("plain.jpg", 2),
        *[photo(f"SKU-{n}_back.jpg", n) for n in (3, 4, 5)],
    )
    expect(row(page, "SKU-1_front.jpg")).to_contain_text("Product SKU-1, view front")
    expect(row(page, "plain.jpg")).to_contain_text("the name is unlike the pattern")
    page.fill("#id_pattern", "SKU-{product}_{view}")
    expect(row(page, "SKU-1_front.jpg")).to_contain_text("Product 1, view front")
    assert held == []
    assert staff.faults() == []

    page.click("text=Send 5 photos")
    expect(page.locator("#studio-queue progress")).to_have_count(3)
    expect(page.locator("#studio-queue li", has_text="Waits")).to_have_count(2)
    eventually(lambda: page.evaluate("true") and len(held) == 3)
    page.unroute(ONE)  # and let them go
    expect(page.locator("#studio-said")).to_have_text("5 of 5 done: 5 added, 0 already there, 0 refused")
    assert set(ProductImage.objects.values_list("product_id", "view")) == {
        ("1", "front"), ("plain", ""), ("3", "back"), ("4", "back"), ("5", "back"),
    }  # fmt: skip
    assert staff.faults() == []
    ProductImage.objects.update(tags=["linen", "midsummer"], category="one-pieces")
    for address in ("productimage/?layout=grid", "productimage/?layout=list"):
        assert staff.faults_of(f"/admin/tryon/{address}") == []


def test_a_drop_tells_of_each_file_that_is_no_photo_and_of_too_many(staff: Visitor) -> None:
    page = staff.page
    page.goto(ADD)

    page.evaluate(DROP, [["season.zip", "PK"], ["prices.csv", "a"], ["broken.jpg", "x"], ["broken.jpg", "y"]])
    expect(row(page, "season.zip")).to_contain_text("season.zip is an archive. Unpack it")
    expect(row(page, "prices.csv")).to_contain_text("prices.csv is no photo.")
    expect(row(page, "broken.jpg").last).to_contain_text("Another file of your choice has the same name.")

    page.evaluate(DROP, [[f"{n}.jpg", ""] for n in range(10_000)])
    expect(page.locator("#studio-said")).to_contain_text(
        "That are 10,000 files. Choose at most 1,000 at a time"
    )
    expect(page.locator("#studio-queue li")).to_have_count(4)


def test_a_refused_file_is_sent_again_and_a_duplicate_stands_beside_its_twin(staff: Visitor) -> None:
    page = staff.page
    page.route(ONE, lambda route: route.abort(), times=1)
    page.goto(ADD)

    choose(page, photo("SKU-1_front.jpg", 1))
    page.click("text=Send 1 photos")
    expect(row(page, "SKU-1_front.jpg")).to_contain_text("The connection broke off.")
    page.locator("#studio-queue [data-again]").click()
    expect(row(page, "SKU-1_front.jpg")).to_contain_text("Added")

    choose(
        page,
        photo("SKU-1_copy.jpg", 1),
        {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"},
    )
    page.click("text=Send 2 photos")
    twins = row(page, "SKU-1_copy.jpg")
    expect(twins).to_contain_text("This product already has this photo.")
    expect(twins.locator("img")).to_have_count(2)
    expect(row(page, "broken.jpg")).to_contain_text("This is not a photo in a format that we read.")
    # The console tells of the connection that broke off.
    assert [fault for fault in staff.faults() if "ERR_FAILED" not in fault] == []

    assert staff.faults_of(ADD) == []
    expect(page.locator("#studio-sent li").first).to_contain_text("broken.jpg")
    expect(page.locator("#studio-sent li")).to_have_count(3)


def test_a_session_that_ends_in_the_middle_loses_nothing(staff: Visitor) -> None:
    page, late = staff.page, list[Route]()
    page.route(ONE, lambda route: late.append(route), times=1)
    page.goto(ADD)
    choose(page, photo("SKU-1_front.jpg", 1), photo("SKU-2_front.jpg", 2))
    Session.objects.all().delete()

    page.click("text=Send 2 photos")
    expect(page.locator("#studio-paused")).to_contain_text("Your session has ended.")
    expect(page.locator("#studio-paused")).to_contain_text("2 photos are left")
    assert not UploadAttempt.objects.exists()

    tab = page.context.new_page()
    tab.goto("/admin/login/")
    tab.fill("#id_username", "ada")
    tab.fill("#id_password", "a long secret")
    tab.click("[type=submit]")
    tab.wait_for_url("**/admin/")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#studio-said")).to_contain_text("1 of 2 done: 1 added")
    late.pop().fulfill(status=403)  # of the session before
    expect(page.locator("#studio-said")).to_contain_text("2 of 2 done: 2 added")
    assert ProductImage.objects.count() == 2


def test_photos_that_are_dropped_on_the_list_are_added_there(staff: Visitor) -> None:
    page = staff.page
    page.goto("/admin/models_library/modelimage/?layout=grid")
    people = [
        [f"{name}.jpg", [*images.model_photo(images.SMALL_PORTRAIT, seed=len(name))]]
        for name in ("Ada", "Bo")
    ]

    page.evaluate(DROP, people)
    page.click("text=Send 2 photos")
    expect(page.locator("#studio-said")).to_contain_text("2 of 2 done: 2 added")
    expect(row(page, "Ada.jpg")).to_contain_text("Added")
    assert staff.faults() == []

    page.click("text=Show the photos")
    expect(page.locator("#result_list")).to_contain_text("Ada")
    assert staff.faults() == []
    tops = "cards => cards.map(card => card.getBoundingClientRect().top)"
    first, second = page.locator("#result_list tbody tr").evaluate_all(tops)
    assert first == second, "the cards of a grid stand side by side"
    assert staff.faults_of("/admin/models_library/modelimage/?layout=list") == []
    assert (
        staff.faults_of(f"/admin/models_library/modelimage/{ModelImage.objects.get(name='Ada').pk}/change/")
        == []
    )
