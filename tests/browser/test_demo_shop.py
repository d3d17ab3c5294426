"""The demo shop in a real browser, as a visitor uses it."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect
from pytest_django import Settings

from results.models import ResultFeedback
from tests.browser.visits import Visitor
from tests.conftest import Finish
from tests.factories import ModelImageFactory, ProductImageFactory
from tryon.models import Account, ProductImage, Status, TryOnJob
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


def test_a_visitor_is_told_why_they_wait_and_gives_up(nobody: Visitor) -> None:
    ProductImageFactory.create()
    ModelImageFactory.create()
    service_pause(Account.LIVE)
    nobody.page.goto("/demo/")
    assert nobody.page.evaluate("localStorage.length") == 0  # who only looks leaves nothing
    try_on(nobody)

    wait = nobody.page.locator("#wait")
    expect(wait).to_have_text("The service is paused. Your try-on keeps its place.")
    nobody.page.click("#cancel")

    expect(nobody.page.locator("#problem p")).to_have_text("This try-on was canceled.")
    expect(nobody.page.locator("#cancel")).to_be_hidden()
    assert TryOnJob.objects.get().status == Status.CANCELED
    assert not Session.objects.exists()


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
    ask.get_by_role("button", name="Yes").click()
    expect(nobody.page.locator("#feedback-news")).to_contain_text("You have already judged this picture.")
