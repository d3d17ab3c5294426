"""A site for the browser to visit, and its visitors."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer

from tests.browser.chromium import LONGEST_MS, chromium
from tests.browser.visits import Visitor

__all__ = ["chromium"]


@pytest.fixture
def language() -> str:
    """The language of the person at the browser. A test may ask for another."""
    return "en"


@pytest.fixture
def zone() -> str:
    """The time zone of the browser. A test may be elsewhere."""
    return "UTC"


@pytest.fixture
def context(chromium: Browser, live_server: LiveServer, language: str, zone: str) -> Iterator[BrowserContext]:
    """A window without cookies. Nothing in it moves: colours half-way to others would be too pale for axe."""
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": 1280, "height": 900},
        locale=language,
        timezone_id=zone,
        reduced_motion="reduce",
    )
    context.set_default_timeout(LONGEST_MS)
    yield context
    context.close()


@pytest.fixture
def nobody(context: BrowserContext) -> Visitor:
    """A person who has not signed in."""
    return Visitor(context.new_page())


@pytest.fixture
def staff(context: BrowserContext, transactional_db: None) -> Visitor:
    """A superuser, signed in by the login page."""
    user = User.objects.create_superuser("ada", password="a long secret")
    visitor = Visitor(context.new_page(), user_id=user.pk)
    visitor.page.goto("/admin/login/")
    visitor.page.fill("#id_username", "ada")
    visitor.page.fill("#id_password", "a long secret")
    visitor.page.press("#id_password", "Enter")  # no mouse, which would lie on a part of each page
    visitor.page.wait_for_url("**/admin/")
    return visitor
