"""Opening a page as a person does, and noting whatever is wrong with it."""

import re
from collections.abc import Callable
from typing import Final, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import ConsoleMessage, Page, Route

from tests.waiting import eventually

type Scheme = Literal["light", "dark"]

WIDTHS: Final = (1280, 820)
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")

# Markup that others write into our pages: Swagger UI; Django's lists and chooser; RQ's lists and job page.
NOT_OURS: Final = (
    "#swagger-ui",
    "#searchbar",
    ".help-tooltip",
    "#action-toggle",
    ".action-checkbox-column",
    ".rq-clickable",
    "table:has(.rq-clickable) th",
)
# Told of Swagger UI's page as a whole, not of a part to leave out.
SWAGGERS: Final = {"/api/docs": {"html-has-lang", "landmark-one-main", "page-has-heading-one"}}

# A browser says so of each document that is not 200, as our pages of refusal rightly are not.
OWN_STATUS: Final = "console: Failed to load resource: the server responded with a status of"

# What has to be moved sideways to be read, what is cut off, and a column of a list that is not shown. The
# stage of the review page is there to be zoomed and moved.
TOO_WIDE: Final = """() => {
    const shown = [document.documentElement, ...document.querySelectorAll("main *, #content *, header *")];
    const wide = shown.filter(part => part === document.documentElement || (
        getComputedStyle(part).overflowX !== "visible" && part.clientWidth > 2
        && !part.matches("pre, select, input, textarea, progress")
        && !part.matches(".visually-hidden, .studio-unseen, .selector button, .review-stage")
    )).filter(part => part.scrollWidth > part.clientWidth + 1);
    const hidden = [...document.querySelectorAll("#result_list th")].filter(part => !part.checkVisibility());
    return [
        ...wide.map(part => `${part.tagName} .${part.className}: ${part.scrollWidth} of ${part.clientWidth}`),
        ...hidden.map(part => `hidden: ${part.className}`),
    ];
}"""


# Script and style inside the markup. A block of data is no script.
INLINE: Final = re.compile(
    r"""<style\b|<script\b(?![^>]*\b(?:src=|type="application/json"))|\s(?:on[a-z]+|style)=["']|javascript:"""
)


def inline_parts(html: str) -> list[str]:
    """Return the beginnings of what is inline in a page as the server sent it."""
    return [f"inline: {html[part.start() : part.start() + 100]}" for part in INLINE.finditer(html)]


def route_now(page: Page, address: str, act: Callable[[Route], object]) -> None:
    """Route further requests of an open page, and wait until the page asks by way of us.

    Chromium says that it does a moment before the page knows, and a key may be faster.
    """
    page.route("**/healthz", lambda route: route.fulfill(body="routed"))
    page.route(address, act)
    eventually(lambda: page.evaluate("fetch('/healthz').then(answer => answer.text())") == "routed")


class Visitor:
    """A browser's window that remembers what its console said."""

    def __init__(self, page: Page, *, user_id: int | None = None) -> None:
        self.page = page
        self.user_id = user_id
        self._complaints: list[tuple[str, str]] = []
        self._axe = Axe()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complaints.append(("", f"script: {error}")))

    def faults_of(self, address: str, *, status: int = 200, language: str = "en") -> list[str]:
        """Open a page and return what is wrong with it, in light and in the dark, wide and narrow."""
        self._complaints.clear()
        answer = self.page.goto(address, wait_until="networkidle")
        assert answer is not None
        faults = [] if answer.status == status else [f"status {answer.status}"]
        faults += inline_parts(answer.text())
        spoken = self.page.evaluate("document.documentElement.lang")
        if spoken != language and address not in SWAGGERS:
            faults.append(f"the language is {spoken}")
        return [f"{address} in {language}: {fault}" for fault in [*faults, *self.faults(address, language)]]

    def faults(self, address: str = "", language: str = "en") -> list[str]:
        """Return what is wrong with the page as it is now: console, accessibility, width.

        In another language than English axe looks once, at the wide page in the dark: other words change
        widths and nothing else that it finds.
        """
        found = []
        self.page.wait_for_load_state()  # a page is not whole as soon as its first words are there
        is_english = language == "en"
        for width, scheme in zip(WIDTHS, SCHEMES if is_english else reversed(SCHEMES), strict=True):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            faults = self.page.evaluate(TOO_WIDE)
            if is_english or width == max(WIDTHS):
                faults += self._violations(address)
            found += [f"{scheme}, {width} px: {fault}" for fault in faults]
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        self.page.emulate_media(color_scheme="light")
        return [*found, *(text for place, text in self._complaints if not self._is_own_status(place, text))]

    def _violations(self, address: str) -> list[str]:
        context = {"exclude": [[selector] for selector in NOT_OURS]}
        report = self._axe.run(self.page, context=context, options={"resultTypes": ["violations"]})
        return [
            f"axe {violation['id']}: {[node['html'][:120] for node in violation['nodes'][:3]]}"
            for violation in report.response["violations"]
            if violation["id"] not in SWAGGERS.get(address, ())
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append((message.location.get("url", ""), f"console: {message.text[:300]}"))

    def _is_own_status(self, place: str, text: str) -> bool:
        """Return whether the console told of the page's own status: it may do so before the page is there."""
        return text.startswith(OWN_STATUS) and place == self.page.url
