"""A blind comparison in a real browser, judged by keys."""

import re

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import expect

from tests import images
from tests.browser.visits import Visitor
from tests.factories import ComparisonFactory, ModelImageFactory, ProductImageFactory, TryOnResultFactory
from tryon.comparisons.models import Choice, Comparison, ComparisonPair, Vote
from tryon.comparisons.selectors import is_swapped

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def comparison() -> Comparison:
    """A comparison of six pairs, with their pictures."""
    made: Comparison = ComparisonFactory.create()
    for kind in ("results/aa/one.jpg", "models/aa/one.jpg", "products/aa/one.jpg"):
        default_storage.save(kind, ContentFile(images.garment_photo(images.SMALL_SQUARE)))
    model = ModelImageFactory.create(thumbnail="models/aa/one.jpg")
    for position in range(6):
        pair = ComparisonPair.objects.create(
            comparison=made,
            position=position,
            product_image=ProductImageFactory.create(thumbnail="products/aa/one.jpg"),
            model_image=model,
            key_a=f"a{position}",
            key_b=f"b{position}",
        )
        for key in (pair.key_a, pair.key_b):
            TryOnResultFactory.create(cache_key=key, image="results/aa/one.jpg")
    return made


def choices() -> list[str]:
    return [*Vote.objects.order_by("pair__position").values_list("choice", flat=True)]


def test_pairs_are_judged_by_keys_of_the_keyboard_and_by_buttons(
    staff: Visitor, comparison: Comparison
) -> None:
    page = staff.page
    assert not staff.faults_of(f"/admin/comparisons/{comparison.pk}/")
    progress = page.locator("#compare-progress")
    expect(progress).to_have_text("6 pairs are left for you.")
    for key in ("ArrowLeft", "ArrowRight", "ArrowDown", "KeyS"):
        page.keyboard.press(key)
    expect(progress).to_have_text("2 pairs are left for you.")
    ada = User.objects.get(username="ada")
    first, second = (is_swapped(pair.pk, ada) for pair in comparison.pairs.all()[:2])
    assert choices() == [
        Choice.B if first else Choice.A,
        Choice.A if second else Choice.B,
        Choice.EQUAL,
        Choice.SKIPPED,
    ]
    page.keyboard.press("KeyU")
    expect(progress).to_have_text("3 pairs are left for you.")
    page.get_by_role("button", name="Equally good").click()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(progress).to_have_text("You have judged every pair whose two pictures are there.")
    expect(page.locator("[data-pane=left] img")).to_have_count(0)
    assert len(choices()) == 6
    assert not staff.faults()


def test_the_stage_is_that_of_the_review_page_with_keys_of_ones_own(
    staff: Visitor, comparison: Comparison
) -> None:
    page = staff.page
    page.goto(f"/admin/comparisons/{comparison.pk}/")
    left, garment = (page.locator(f"[data-pane={name}] img") for name in ("left", "garment"))
    page.keyboard.press("Equal")
    for picture in (left, garment):
        expect(picture).to_have_attribute("style", re.compile(r"scale\(1\.25\)"))

    page.get_by_role("button", name="Choose keys").click()
    assert not staff.faults()
    page.get_by_role("button", name="←").last.click()
    page.keyboard.press("KeyF")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(["", "Your keys are saved."])
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("KeyF")

    expect(page.locator("#compare-progress")).to_have_text("5 pairs are left for you.")
    page.reload()
    expect(page.get_by_role("button", name="Left is better")).to_contain_text("F")
    assert not staff.faults()


def test_a_vote_that_is_not_saved_comes_back(staff: Visitor, comparison: Comparison) -> None:
    page = staff.page
    page.route("**/votes/", lambda route: route.abort(), times=1)
    page.goto(f"/admin/comparisons/{comparison.pk}/")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#compare-trouble")).to_contain_text("The vote was not saved.")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#compare-progress")).to_have_text("5 pairs are left for you.")
    assert Vote.objects.get().pair.position == 0
