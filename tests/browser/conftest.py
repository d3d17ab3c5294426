"""Chromium of the distribution, one for the run, and a site for it to visit."""

import shutil
from collections.abc import Iterator
from typing import Final

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.browser.visits import Visitor

LOOPBACK_ONLY: Final = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser. It reaches this machine only."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "Chromium is not installed. Install the distribution's package chromium."
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's loop runs in this thread, and Django would take each query for one inside a coroutine.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path,
                args=[
                    "--no-sandbox",
                    f"--host-resolver-rules={LOOPBACK_ONLY}",
                ],
            )
            yield browser
            browser.close()


@pytest.fixture
def language() -> str:
    """The language of the person at the browser. A test may ask for another."""
    return "en"


@pytest.fixture
def context(chromium: Browser, live_server: LiveServer, language: str) -> Iterator[BrowserContext]:
    """A window without cookies."""
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 1280, "height": 900}, locale=language
    )
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
    visitor.page.click("[type=submit]")
    visitor.page.wait_for_url("**/admin/")
    return visitor
