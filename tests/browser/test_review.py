"""A reviewer's forty results, by keyboard alone, in a real browser."""

from datetime import timedelta
from typing import Any, Final

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import Page, Route, expect

from config.core import clock
from config.people.models import Preferences
from results.models import Review, ReviewDecision, TryOnResult
from results.services import result_review
from tests import images
from tests.browser.visits import Visitor, route_now
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnResultFactory
from tests.waiting import eventually
from tryon.review.models import ReviewLease

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SHOWN: Final = "[data-pane=garment] .review-name"


@pytest.fixture
def forty(transactional_db: None) -> list[TryOnResult]:
    """Forty results with pictures, the oldest first. The first one is doubtful."""
    photo = default_storage.save("models/aa/model.jpg", ContentFile(images.model_photo((300, 450))))
    garment = default_storage.save("products/aa/tee.jpg", ContentFile(images.garment_photo((300, 400))))
    model, now = ModelImageFactory.create(image=photo, thumbnail=photo, name="Mina"), clock.now()
    return [
        TryOnResultFactory.create(
            image=photo,
            thumbnail=garment,
            job__model_image=model,
            job__product_image=ProductImageFactory.create(
                product_id=f"SKU-{number:02}", processed=garment, thumbnail=garment
            ),
            created_at=now - timedelta(minutes=60 - number),
            is_flagged=number == 0,
            flags=[{"name": "blank", "score": 1.0}] if number == 0 else [],
        )
        for number in range(40)
    ]


# Each picture that the page loads, also ahead of its turn.
PICTURES: Final = """(() => {
    const Picture = window.Image;
    window.pictures = [];
    window.Image = function () { const made = new Picture(); pictures.push(made); return made; };
})()"""
OF_A_RESULT: Final = 4


def opened(visitor: Visitor) -> Page:
    visitor.page.add_init_script(PICTURES)
    visitor.page.goto("/admin/review/")
    expect(visitor.page.locator(SHOWN)).to_have_text("SKU-00")
    return visitor.page


def load(page: Page, results: int) -> None:
    """Wait until the page has loaded all pictures of this number of results."""
    whole = f"pictures.length === {results * OF_A_RESULT} && pictures.every(({{ complete }}) => complete)"
    eventually(lambda: page.evaluate(whole))


def test_forty_results_by_keyboard_with_undo_and_a_key_of_ones_own(
    staff: Visitor, forty: list[TryOnResult]
) -> None:
    page = opened(staff)
    assert staff.faults() == []
    expect(page.locator("#review-flags")).to_have_text("Nearly black or blank")

    # A key of one's own: that of another action is refused.
    page.locator("#review-settings").focus()
    page.keyboard.press("Enter")
    page.locator("[data-choose=approve]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("KeyS")
    expect(page.locator("#review-keys-said")).to_contain_text("Skip")
    page.keyboard.press("KeyQ")
    expect(page.locator("[data-choose=approve]")).to_have_text("Q")
    assert staff.faults() == []
    page.locator("#review-keys-save").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#review-keys-said")).to_have_text("Your keys are saved.")
    page.keyboard.press("Escape")
    expect(page.locator("[data-action=approve] kbd")).to_have_text("Q")
    assert Preferences.objects.get().review_keys == {"approve": "KeyQ"}

    page.keyboard.press("KeyR")
    expect(page.locator("#review-reasons")).to_be_visible()
    assert staff.faults() == []
    page.keyboard.press("Digit5")
    expect(page.locator(SHOWN)).to_have_text("SKU-01")
    page.keyboard.press("KeyM")
    expect(page.locator(SHOWN)).to_have_text("SKU-02")
    # Several steps back, and on again.
    page.keyboard.press("KeyU")
    page.keyboard.press("KeyU")
    expect(page.locator(SHOWN)).to_have_text("SKU-00")
    # What was not sent yet is taken back, and what was is undone.
    expect(page.locator("#review-saving")).to_be_hidden()
    eventually(lambda: not TryOnResult.objects.exclude(review=Review.PENDING).exists())
    # Zoom, move and compare decide nothing.
    for key in ("Equal", "ArrowLeft", "Minus", "KeyC", "Digit0"):
        page.keyboard.press(key)
    for number in range(40):
        expect(page.locator(SHOWN)).to_have_text(f"SKU-{number:02}")
        page.keyboard.press("KeyM" if number == 7 else "KeyQ")
    expect(page.locator(".review-large .review-stage")).to_contain_text("Nothing is left")
    eventually(lambda: TryOnResult.objects.filter(review=Review.APPROVED).count() == 39)
    expect(page.locator("#review-saving")).to_be_hidden()
    assert ReviewDecision.objects.filter(undone_at=None).count() == 40
    assert staff.faults() == []


def test_the_next_picture_is_there_before_it_is_needed(staff: Visitor, forty: list[TryOnResult]) -> None:
    page = opened(staff)
    load(page, 4)
    route_now(page, "**/review/next/", lambda route: route.abort())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for number in (1, 2, 3):
        page.keyboard.press("KeyA")
        expect(page.locator(SHOWN)).to_have_text(f"SKU-{number:02}")
        shown = page.locator("[data-pane=result] .review-layer").first
        assert shown.evaluate("picture => picture.complete && picture.naturalWidth > 0")
    assert [address for address in asked if "/media/" in address] == []


def test_nothing_is_lost_while_the_service_is_away_or_the_session_is_over(
    staff: Visitor, forty: list[TryOnResult]
) -> None:
    def away(route: Route) -> None:
        route.abort()

    staff.page.route("**/review/decide/", away)
    page = opened(staff)
    page.keyboard.press("KeyA")
    expect(page.locator("#review-saving")).to_contain_text("Not saved yet: 1")
    page.keyboard.press("KeyA")
    expect(page.locator("#review-saving")).to_contain_text("Not saved yet: 2")
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as warning:
        page.evaluate("() => void setTimeout(() => location.reload())")
    assert warning.value.type == "beforeunload"
    cookies = page.context.cookies()
    page.context.clear_cookies()  # the page tries again by itself, at any moment
    page.unroute("**/review/decide/", away)
    page.locator("#review-saving button").click()
    expect(page.locator("#review-saving")).to_contain_text("You are signed out")
    expect(page.locator("#review-saving")).to_contain_text("Not saved yet: 2")
    assert not ReviewDecision.objects.exists()
    page.context.add_cookies([_kept(cookie) for cookie in cookies])
    page.locator("#review-saving button").click()
    eventually(lambda: TryOnResult.objects.filter(review=Review.APPROVED).count() == 2)
    expect(page.locator("#review-saving")).to_be_hidden()


def _kept(cookie: Any) -> Any:
    return {name: cookie[name] for name in ("name", "value", "domain", "path")}


def test_a_conflict_is_told_and_leaving_gives_the_results_back(
    staff: Visitor, forty: list[TryOnResult]
) -> None:
    held: list[Route] = []
    staff.page.route("**/review/decide/", lambda route: held.append(route), times=1)
    page = opened(staff)
    load(page, 4)
    result_review([forty[0]], Review.REJECTED)
    page.keyboard.press("KeyA")
    load(page, 5)  # or the next result would come to a page that is left
    eventually(lambda: page.evaluate("true") and held)
    held.pop().continue_()
    expect(page.locator("#review-notices")).to_contain_text("SKU-00: Somebody else has decided")
    eventually(
        lambda: set(ReviewLease.objects.values_list("pk", flat=True)) == {row.pk for row in forty[1:5]}
    )
    page.goto("/admin/")
    eventually(lambda: not ReviewLease.objects.exists())


def test_the_contact_sheet_by_keyboard(staff: Visitor, forty: list[TryOnResult]) -> None:
    assert staff.faults_of("/admin/review/sheet/") == []
    page = staff.page
    page.locator("[name=result]").first.focus()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#sheet-count")).to_have_text("4 marked")
    page.locator("[value=approve]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("4 results were judged.")
    assert TryOnResult.objects.filter(review=Review.APPROVED).count() == 4


@pytest.mark.parametrize("language", ["ko"])
def test_in_korean(staff: Visitor, forty: list[TryOnResult], language: str) -> None:
    for address in ("/admin/review/", "/admin/review/sheet/"):
        assert staff.faults_of(address, language=language) == []
