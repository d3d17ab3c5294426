"""The demo shop in a real browser, as a visitor uses it."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Request, Route, expect
from pytest_django import Settings

from config.shops.models import Shop
from results.models import ResultFeedback, Review
from tests import images
from tests.browser.visits import Visitor
from tests.conftest import Finish
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnResultFactory
from tryon.demo.views import CONSENT_VERSION
from tryon.models import Account, Erasure, ProductImage, ShopperPhoto, Status, TryOnJob
from tryon.services.operations import service_pause

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def shop_is_on(settings: Settings) -> None:
    settings.DEMO_SHOP = True


def try_on(visitor: Visitor) -> None:
    """Choose what the shop has, and ask for a try-on."""
    visitor.page.click("#garments .card label")
    visitor.page.click("#models .card label")
    visitor.page.click("#go")


def approved_picture() -> ProductImage:
    """Make an approved picture of the catalogue, and return its garment."""
    garment: ProductImage = ProductImageFactory.create(product_id="SKU-1")
    options: dict[str, Any] = {"job__product_image": garment, "job__completed": True, "job__is_test": True}
    TryOnResultFactory.create(review=Review.APPROVED, **options)
    return garment


def lose(page: Page, path: str) -> None:
    """Let the next call of the path act, and lose its answer."""

    def without_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(f"**/api/tryon/{path}", without_answer, times=1)


def way(sent: Request) -> str:
    """Return the scheme by which a request names its caller."""
    return sent.headers["authorization"].partition(" ")[0]


def test_a_visitor_is_told_why_they_wait_and_gives_up(nobody: Visitor) -> None:
    approved_picture()
    service_pause(Account.LIVE)
    nobody.page.goto("/demo/")
    assert nobody.page.evaluate("localStorage.length") == 0  # who only looks leaves nothing
    try_on(nobody)

    wait = nobody.page.locator("#wait")
    expect(wait).to_have_text("The service is paused. Your try-on keeps its place.")
    instead = nobody.page.get_by_role("region", name="Until yours can be made")
    expect(instead.get_by_role("listitem")).to_have_text(["Made with AI"])
    nobody.page.click("#cancel")

    expect(nobody.page.locator("#problem p")).to_have_text("This try-on was canceled.")
    expect(nobody.page.locator("#cancel")).to_be_hidden()
    assert TryOnJob.objects.get(status=Status.CANCELED).shopper
    assert not Session.objects.exists()


def test_over_a_limit_other_pictures_are_shown(nobody: Visitor) -> None:
    approved_picture()
    nobody.page.goto("/demo/")
    Shop.objects.update(shopper_daily_credits=0)
    try_on(nobody)

    problem = nobody.page.locator("#problem p")
    expect(problem).to_have_text("You have used today's try-ons. Try again tomorrow.")
    expect(nobody.page.locator("#instead li")).to_have_count(1)


def test_a_lost_answer_and_a_reload_start_no_second_try_on(nobody: Visitor) -> None:
    ProductImageFactory.create()
    ModelImageFactory.create()
    nobody.page.goto("/demo/")
    lose(nobody.page, "generate")
    try_on(nobody)
    expect(nobody.page.locator("#problem p")).to_contain_text("The shop can't be reached.")
    TryOnJob.objects.update(status=Status.FAILED, error_code="unknown")  # so that no other request joins it

    nobody.page.reload()
    expect(nobody.page.locator("#tryons a")).to_have_attribute("data-status", "failed")
    with nobody.page.expect_response("**/api/tryon/generate") as answered:
        try_on(nobody)
    assert answered.value.headers["idempotent-replayed"] == "true"
    expect(nobody.page.locator("#problem p")).to_be_visible()
    assert TryOnJob.objects.count() == 1

    nobody.page.click("#go")
    expect(nobody.page.locator("#cancel")).to_be_visible()
    assert TryOnJob.objects.count() == 2


def test_a_session_is_renewed_before_it_ends_and_when_it_has_ended(nobody: Visitor) -> None:
    ProductImageFactory.create()
    ModelImageFactory.create()
    page = nobody.page
    page.goto("/demo/")
    try_on(nobody)
    expect(page.locator("#cancel")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(way(sent)) if sent.url.endswith("/sessions") else None)
    for changed in ({"at": 0}, {"token": "tos_vt_ended"}):
        page.evaluate(
            "changed => localStorage.setItem('tryon-session', JSON.stringify("
            "{...JSON.parse(localStorage.getItem('tryon-session')), ...changed}))",
            changed,
        )
        with page.expect_response("**/api/tryon/sessions"):
            page.reload()
        expect(page.locator("#cancel")).to_be_visible(visible="at" in changed)  # the same visitor, or another
    assert asked == ["Bearer", "Bearer", "Api-Key"]


def test_a_visitor_tries_an_outfit_on_their_own_photo_and_deletes_all(nobody: Visitor) -> None:
    garments = ProductImageFactory.create_batch(2, product_id="SKU-1")
    page = nobody.page
    page.goto("/demo/")
    page.click("#own-photo")
    expect(page.get_by_role("alert")).to_have_text("Agree to the use of your photo first.")
    page.check("#consent")
    me: Any = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": images.model_photo()}
    page.set_input_files("#own-photo", files=[me])
    expect(page.locator("#own-photo-news")).to_contain_text("Your photo is ready and chosen.")
    page.click("#garments .card label")
    page.select_option("#second", index=2)
    page.click("#go")
    expect(page.locator("#cancel")).to_be_visible()

    photo, job = ShopperPhoto.objects.get(), TryOnJob.objects.get()
    assert (photo.consent_version, photo.requester) == (CONSENT_VERSION, job.shopper)
    assert job.shopper_photo == photo
    asked = page.evaluate("JSON.parse(document.querySelector('#tryons a').dataset.choice)")
    assert {asked["garment"]["id"], asked["second"]["id"]} == {str(garment.pk) for garment in garments}
    page.reload()
    expect(page.locator("#models .card", has_text="Your photo")).to_be_visible()
    expect(page.locator("#tryons .tryon-title")).to_have_text("SKU-1 + SKU-1 on You")

    page.get_by_text("Delete everything of me").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Delete now").click()
    receipt = page.locator("#erase-news")
    expect(receipt).to_contain_text("Deleted. Photos: 1, try-ons: 1, pictures: 0. Your receipt is")
    assert str(Erasure.objects.get().pk) in receipt.inner_text()
    expect(page.locator("#models .card, #tryons a")).to_have_count(0)
    assert not TryOnJob.objects.exclude(status=Status.CANCELED).exists()


@pytest.mark.usefixtures("sandbox")
def test_a_visitor_judges_their_picture_once(
    nobody: Visitor, finish: Finish, product_id: str, model_id: str
) -> None:
    ProductImage.objects.update(requester="")  # the catalogue's
    nobody.page.goto("/demo/")
    try_on(nobody)
    expect(nobody.page.locator("#cancel")).to_be_visible()
    job = finish(str(TryOnJob.objects.get().pk))

    ask = nobody.page.get_by_role("group", name="Would you show this picture?")
    expect(ask).to_be_visible()
    assert nobody.faults() == []
    ask.get_by_role("button", name="Almost").click()

    expect(nobody.page.locator("#feedback-news")).to_have_text("Thank you. Your answer is noted.")
    expect(ask).to_be_hidden()
    assert ResultFeedback.objects.get(job=job).verdict == "almost"
    nobody.page.reload()
    expect(nobody.page.locator("#tryons .badge")).to_have_text("Made with AI")
    ask.get_by_role("button", name="Yes").click()
    expect(nobody.page.locator("#feedback-news")).to_contain_text("You have already judged this picture.")
