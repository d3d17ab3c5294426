"""Chromium of the distribution, one for each module."""

import shutil
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.waiting import LONGEST_SECONDS

LOOPBACK_ONLY: Final = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"

# Playwright's own five seconds are too few for a machine that stands still for a moment.
LONGEST_MS: Final = LONGEST_SECONDS * 1000
expect.set_options(timeout=LONGEST_MS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser. It reaches this machine only.

    It ends with its module, and with it the variable and the loop: no later test has either.
    """
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "Chromium is not installed. Install the distribution's package chromium."
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's loop runs in this thread, and Django would take each query for one inside a coroutine.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=path,
                timeout=LONGEST_MS,
                args=[
                    "--no-sandbox",
                    f"--host-resolver-rules={LOOPBACK_ONLY}",
                ],
            )
            yield browser
            browser.close()
