"""The navigation and the search around each page, by keyboard, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitor
from tests.factories import BatchFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_the_search_is_a_key_away_from_anywhere(staff: Visitor) -> None:
    BatchFactory.create(name="Autumn coats")
    page = staff.page
    page.goto("/admin/upkeep/cleanuprun/")
    here = page.get_by_role("link", name="Cleanups")
    here.focus()
    search = page.locator("#studio-search")
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    expect(here).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("autumn/")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_contain_text("Autumn coats")
    expect(search).to_have_value("autumn")
    assert staff.faults("/admin/search/") == []


def test_a_key_in_a_field_is_text(staff: Visitor) -> None:
    page = staff.page
    page.goto("/admin/auth/group/add/")
    page.locator("#id_name").focus()
    page.keyboard.type("a/b")
    expect(page.locator("#id_name")).to_have_value("a/b")


def test_the_tasks_are_walked_by_keyboard(staff: Visitor) -> None:
    page = staff.page
    page.set_viewport_size({"width": 820, "height": 900})
    page.goto("/admin/")
    page.get_by_role("navigation", name="Tasks").get_by_role("link", name="Home").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Library")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Library")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("link", name="Product photos").first).to_have_attribute("aria-current", "page")
