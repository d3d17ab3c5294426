"""Time from a reviewer's key to the next picture: ``python -m tests.bench.review``, or ``make bench-review``.

A demo with some sixty results is judged by keyboard. Each time runs in the page: from the key to the frame
that shows the whole next picture.
"""

import argparse
import statistics
import sys
from typing import Final

from playwright.sync_api import Page, expect

from tests.used_site import chromium, demo, season, signed_in

KEYS: Final = 40
# Between two keys a person looks at the picture.
LOOK_MS: Final = 400
NEXT: Final = """key => new Promise(resolve => {
    const shown = () => document.querySelector(".review-large .review-layer");
    const before = shown();
    const began = performance.now();
    const look = () => {
        const picture = shown();
        const isNext = picture && picture !== before && picture.complete && picture.naturalWidth > 0;
        const painted = () => requestAnimationFrame(() => resolve(performance.now() - began));
        if (isNext) requestAnimationFrame(painted);
        else requestAnimationFrame(look);
    };
    document.dispatchEvent(new KeyboardEvent("keydown", { code: key, key: "a", bubbles: true }));
    look();
})"""


def times(page: Page) -> list[float]:
    """Approve results, and return the milliseconds of each."""
    page.goto("/admin/review/")
    expect(page.locator(".review-large .review-layer").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    found = []
    for _ in range(KEYS):
        page.wait_for_timeout(LOOK_MS)
        found.append(float(page.evaluate(NEXT, "KeyA")))
    return found


def main() -> None:
    """Measure, and print the median, the slowest of ten, and the slowest."""
    parser = argparse.ArgumentParser(prog="make bench-review", description=__doc__)
    parser.parse_args()
    with demo() as handout, chromium() as browser:
        page = signed_in(browser, handout, viewport={"width": 1280, "height": 900}, locale="en")
        season(page)
        found = sorted(times(page))
    ninth = found[int(0.9 * (len(found) - 1))]
    sys.stdout.write(
        f"{len(found)} keys: median {statistics.median(found):.0f} ms,"
        f" nine of ten within {ninth:.0f} ms, slowest {found[-1]:.0f} ms\n"
    )


if __name__ == "__main__":
    main()
