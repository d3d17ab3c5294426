"""A person's preferences in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("zone", ["Asia/Seoul"])
def test_the_zone_of_the_browser_is_offered_and_taken(staff: Visitor, zone: str) -> None:
    page = staff.page
    offer = page.get_by_role("button", name="Show times there")
    expect(offer).to_be_visible()
    faults = staff.faults()
    page.emulate_media(color_scheme="dark")
    faults += staff.faults_of("/admin/preferences/")
    offer.click()
    expect(page.get_by_role("link", name="Your preferences (Asia/Seoul)")).to_be_visible()
    expect(offer).to_have_count(0)
    faults += staff.faults_of("/admin/preferences/")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Seoul")
    page.get_by_label("Language").select_option("ko")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("환경설정이 저장되었습니다.")).to_be_visible()
    assert not faults + staff.faults(), faults


def test_nothing_is_offered_to_who_is_in_the_service_s_zone(staff: Visitor) -> None:
    expect(staff.page.get_by_role("button", name="Show times there")).to_be_hidden()
