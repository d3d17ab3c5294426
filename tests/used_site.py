"""A demo that a merchandiser has worked in, for pictures of its pages and for measuring them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.chromium import LONGEST_MS

PROJECT: Final = Path(__file__).resolve().parents[1]
SPEED: Final = "50"
MOST_MS: Final = 900_000  # for a plan of all pairs


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    """Run a demo in a folder of its own, and yield its handout: where it is, and what to log in with."""
    with TemporaryDirectory(prefix="tryon-used-") as folder:
        var = Path(folder) / "var"
        command = [sys.executable, "-m", "tryon.demo", "--port", "0", "--var", str(var), "--speed", SPEED]
        environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
        with subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                said = ""
                while "Ctrl-C" not in said:
                    line = process.stdout.readline()
                    assert line, f"The demo has ended: {said}"
                    said += line
                yield json.loads((var / "demo.json").read_text())
            finally:
                process.terminate()
                process.communicate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the distribution's browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "Chromium is not installed. Install the distribution's package chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, timeout=LONGEST_MS, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(browser: Browser, handout: dict[str, str], **window: Any) -> Page:
    """Return a window of the admin, in which the owner is signed in."""
    context = browser.new_context(
        base_url=handout["url"], timezone_id="UTC", reduced_motion="reduce", **window
    )
    context.set_default_timeout(LONGEST_MS)
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("#id_username", handout["adminUser"])
    page.fill("#id_password", handout["adminPassword"])
    page.press("#id_password", "Enter")
    page.wait_for_url("**/admin/")
    return page


def season(page: Page) -> None:
    """Let one plan make all try-ons of the demo's products."""
    page.goto("/admin/plan/")
    page.get_by_label("All products").check()
    for box in page.locator("[name=models]").all():
        box.check(force=True)
    page.fill("#id_name", "Spring season")
    page.get_by_role("button", name="Count the price").click()
    page.get_by_role("button", name=re.compile("^Start ")).click()
    expect(page.locator("#batch-state")).to_contain_text("Done", timeout=MOST_MS)
