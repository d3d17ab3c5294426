"""A page of a shop at another origin, with a strict policy and the widget on it."""

from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, override

from playwright.sync_api import Error, Locator, Request, Route

from config.shops.keys import key_issue
from config.shops.models import Kind, Shop
from tests.browser.visits import Visitor
from tests.waiting import eventually
from tests.widget import build

# All that a page has to allow, and nothing inline.
POLICY: Final = (
    "default-src 'none'; script-src {service}; connect-src {service}; img-src {service} data:;"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>Linden</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<script type="module" crossorigin="anonymous" integrity="{integrity}"
  src="{service}/static/widget/v{version}/tryon.js"></script></head>
<body><main><h1>Linen shirt</h1><p><button id="before">Before</button></p>
<try-on product="SKU-1" key="{key}" {attributes}></try-on></main></body></html>"""
NAMES: Final = "open photo consent start progress result error fallback cart close"
HEAR: Final = """
window.heard = [];
for (const name of NAMES.split(" ")) {
  document.addEventListener(`tryon:${name}`, ({ type, detail, composed }) => {
    const { respondWith, ...facts } = detail;
    heard.push([type.slice(6), { ...facts, composed }]);
    window.answer && respondWith?.(window.answer);
  });
}"""


class PageServer(ThreadingHTTPServer):
    """The server of a shop's page, with ``html`` at each address.

    Chromium lets no page from elsewhere call this machine, so it is a real server.
    """

    html = ""

    def __init__(self, service: str) -> None:
        self.policy = POLICY.format(service=service)
        super().__init__(("127.0.0.1", 0), PageHandler)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class PageHandler(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, PageServer)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", server.policy)
        self.end_headers()
        self.wfile.write(server.html.encode())

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


class ShopPage:
    """A visitor on the page of a shop, and what the page hears of its widget."""

    def __init__(
        self,
        visitor: Visitor,
        service: str,
        server: PageServer,
        *,
        attributes: str = "cart",
        language: str = "en",
    ) -> None:
        shop = Shop.objects.create(name="Linden", allowed_origins=[server.origin], shopper_daily_credits=100)
        self.key, key = key_issue(name="Page", shop=shop, kind=Kind.PUBLISHABLE)
        facts = {"service": service, "version": build.version(), "key": key, "language": language}
        facts |= {"integrity": build.known()[build.version()]["integrity"], "attributes": attributes}
        self.visitor, self.page, self.service = visitor, visitor.page, service
        self.page.add_init_script(HEAR.replace("NAMES", f'"{NAMES}"'))

        # The test's server serves files by itself, past our middleware and its headers, at which
        # tests/test_widget.py and tests/config/shops/test_sessions.py look.
        for_all = {"Access-Control-Allow-Origin": "*"}

        def picture(route: Route) -> None:
            if route.request.resource_type == "fetch":
                answer = route.fetch()
                route.fulfill(response=answer, headers={**answer.headers, **for_all})
            else:
                route.fallback()

        self.page.route("**/media/**", picture)
        script = build.WIDGET / f"v{build.version()}" / "tryon.js"
        self.page.route(
            "**/static/widget/**",
            lambda route: route.fulfill(path=script, content_type="text/javascript", headers=for_all),
        )
        self.origin, server.html = server.origin, PAGE.format(**facts)
        self.page.goto(f"{self.origin}/shirt")

    @property
    def widget(self) -> Locator:
        return self.page.locator("try-on")

    @property
    def title(self) -> Locator:
        return self.widget.locator("h2")

    @property
    def problem(self) -> Locator:
        return self.widget.locator("[part=problem]")

    def button(self, name: str) -> Locator:
        return self.widget.get_by_role("button", name=name, exact=True)

    def open(self) -> None:
        self.widget.locator("[part=open]").click()

    @property
    def go(self) -> Locator:
        """Return the button for what comes next."""
        return self.widget.locator("[part=actions] .primary")

    def try_on(self) -> None:
        """Choose the first model, and ask for a picture."""
        self.widget.locator("[part=model]").first.click()
        self.go.click()

    def heard(self, name: str) -> list[dict[str, Any]]:
        """Return the details of the events of this name."""
        return [detail for kind, detail in self.page.evaluate("heard") if kind == name]

    def call(self, script: str) -> Any:
        """Run a script with the element as ``room``."""
        return self.page.evaluate(f"() => {{ const room = document.querySelector('try-on'); {script} }}")

    def lose(self, path: str, *, act: bool = True) -> None:
        """Lose the answer of the next call of a path. It acts before that, or never comes."""

        def without_answer(route: Route) -> None:
            if act:
                route.fetch()
            route.abort()

        self.page.route(f"**/api/tryon/{path}", without_answer, times=1)

    def hold(self, path: str) -> Callable[[], None]:
        """Hold back the answer of the next call of a path, which acts. Return what lets it go."""
        held: list[tuple[Route, Any]] = []
        self.page.route(f"**/api/tryon/{path}", lambda route: held.append((route, route.fetch())), times=1)

        def let_go() -> None:
            self.until(lambda: held)
            [(route, answer)] = held
            with suppress(Error):  # the page that asked is gone
                route.fulfill(response=answer)

        return let_go

    def until(self, found: Callable[[], object]) -> None:
        """Wait for something outside the page, whose requests go on."""
        eventually(lambda: self.page.evaluate("true") and found())

    def watch(self, path: str, seen: Callable[[Request], object]) -> None:
        """Call ``seen`` with each request of a path."""

        def look(sent: Request) -> None:
            if sent.url.endswith(path):
                seen(sent)

        self.page.on("request", look)
