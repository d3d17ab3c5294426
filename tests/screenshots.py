"""Pictures of the back office: ``python -m tests.screenshots``, or ``make screenshots``.

A demo is started and worked in as a merchandiser does. Each page is taken in English, in light and at
1,280 px. A few are taken again: in the dark, at 820 px, and in Korean.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.used_site import PROJECT, chromium, demo, season, signed_in

FOLDER: Final = PROJECT / "docs" / "screenshots"
WIDE: Final = {"width": 1280, "height": 800}
NARROW: Final = {"width": 820, "height": 1000}
ROW: Final = "#result_list tbody a"


def picture(page: Page, folder: Path, name: str) -> None:
    """Keep what the window shows, as a small WebP file."""
    page.wait_for_load_state("networkidle")
    draft = folder / f"{name}.png"
    page.screenshot(path=draft)
    with Image.open(draft) as shown:
        shown.convert("RGB").save(folder / f"{name}.webp", quality=82, method=6)
    draft.unlink()


def first_row(page: Page, address: str) -> None:
    """Open the first row of a list."""
    page.goto(address)
    page.goto(page.locator(ROW).first.get_attribute("href") or "")


def reviewed(page: Page) -> None:
    """Judge some of the results, so that there are some of each kind."""
    page.goto("/admin/review/")
    for number in range(16):
        expect(page.locator(".review-large .review-layer").first).to_be_visible()
        shown = page.locator(".review-large .review-name").get_attribute("href")
        page.keyboard.press("KeyR" if number % 5 == 3 else "KeyA")
        if number % 5 == 3:
            page.keyboard.press("Digit2")
        expect(page.locator(".review-large .review-name")).not_to_have_attribute("href", shown or "")
    expect(page.locator("#review-saving")).to_be_hidden()


PAGES: Final[dict[str, Callable[[Page], Any]]] = {
    "home": lambda page: page.goto("/admin/"),
    "library": lambda page: page.goto("/admin/tryon/productimage/?layout=grid"),
    "products": lambda page: page.goto("/admin/catalogue/product/"),
    "upload": lambda page: page.goto("/admin/tryon/productimage/add/"),
    "plan": lambda page: page.goto("/admin/plan/"),
    "batch": lambda page: first_row(page, "/admin/batches/batch/"),
    "board": lambda page: page.goto("/admin/board/"),
    "review": lambda page: page.goto("/admin/review/"),
    "sheet": lambda page: page.goto("/admin/review/sheet/"),
    "results": lambda page: page.goto("/admin/results/tryonresult/"),
    "jobs": lambda page: page.goto("/admin/tryon/tryonjob/"),
    "job": lambda page: first_row(page, "/admin/tryon/tryonjob/"),
    "money": lambda page: page.goto("/admin/money/"),
    "operations": lambda page: page.goto("/admin/tryon/governor/"),
    "model": lambda page: first_row(page, "/admin/models_library/modelimage/?layout=list"),
}
AGAIN: Final[dict[str, tuple[dict[str, Any], tuple[str, ...]]]] = {
    "dark": ({"viewport": WIDE, "color_scheme": "dark"}, ("home", "review", "board")),
    "narrow": ({"viewport": NARROW}, ("home", "jobs", "board")),
    "ko": ({"viewport": WIDE, "locale": "ko"}, ("home", "plan", "review")),
}


def taken(browser: Browser, handout: dict[str, str], folder: Path, *, every: bool) -> None:
    """Take all pictures of a site that has been used, ``every`` page in every way if so wished."""
    page = signed_in(browser, handout, viewport=WIDE, locale="en")
    for name, opened in PAGES.items():
        opened(page)
        picture(page, folder, name)
    for way, (window, names) in AGAIN.items():
        page = signed_in(browser, handout, **window)
        for name in PAGES if every else names:
            PAGES[name](page)
            picture(page, folder, f"{name}-{way}")


def main() -> None:
    """Take the pictures into ``docs/screenshots``, or where the person wants them."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--every", action="store_true", help="each page in each way, to look at")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with demo() as handout, chromium() as browser:
        page = signed_in(browser, handout, viewport=WIDE, locale="en")
        season(page)
        reviewed(page)
        taken(browser, handout, given.folder, every=given.every)


if __name__ == "__main__":
    main()
