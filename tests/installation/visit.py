"""A first visit to an installation, as its owner and a shop's developer make it, all over its address."""

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from playwright.sync_api import Browser

from tests import images
from tests.browser.chromium import LONGEST_MS
from tests.waiting import LONGEST_SECONDS, eventually

NAME: Final = "owner"
PASSWORD: Final = "a long password for the test"


class Visit(requests.Session):
    """A client that trusts the installation's certificate, and looks at every answer."""

    def __init__(self, address: str, certificate: Path) -> None:
        super().__init__()
        self.base = address
        self.verify = str(certificate)
        self.trust_env = False

    def ask(self, method: str, path: str, status: int = 200, **options: Any) -> requests.Response:
        address = path if path.startswith("https://") else f"{self.base}{path}"
        answer = self.request(method, address, timeout=LONGEST_SECONDS, **options)
        assert answer.status_code == status, f"{method} {address}: {answer.status_code} {answer.text[:300]}"
        assert answer.url.startswith(f"{self.base}/"), answer.url
        return answer

    def page(self, path: str) -> str:
        """Open a page with all its styles, scripts and icons, which have to lie below the same address."""
        answer = self.ask("GET", path)
        files = re.findall(r'(?:<link[^>]* href|<script[^>]* src|<img[^>]* src)="([^"]+)"', answer.text)
        found = {urlsplit(urljoin(answer.url, file)).path: urljoin(answer.url, file) for file in files}
        assert any(path.endswith(".css") for path in found), answer.url
        for file in found.values():
            self.ask("GET", file)
        return answer.text

    def form(self, path: str, status: int, **fields: Any) -> requests.Response:
        """Open the page of a form, and send it."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page(path))
        assert token is not None
        data = {**fields, "csrfmiddlewaretoken": token[1]}
        referer = {"Referer": f"{self.base}{path}"}
        return self.ask("POST", path, status, data=data, headers=referer, allow_redirects=False)


def look_around(address: str, certificate: Path, *, is_live: bool = False) -> Visit:
    """Open pages, log in, make a key, upload and try on. Return the owner's visit."""
    owner = Visit(address, certificate)
    landed = owner.ask("GET", "/")
    assert urlsplit(landed.url).path == f"{urlsplit(address).path}/admin/login/"
    assert "Strict-Transport-Security" in landed.headers
    login = landed.url.removeprefix(address)
    logged_in = owner.form(login, 302, username=NAME, password=PASSWORD)
    assert all(cookie.secure for cookie in owner.cookies)
    assert {cookie.path for cookie in owner.cookies} == {f"{urlsplit(address).path}/"}
    owner.ask("GET", urljoin(address, logged_in.headers["Location"]))
    for path in ("/admin/", "/admin/tryon/governor/", "/admin/django_rq/dashboard/", "/api/docs"):
        owner.page(path)
    owner.form("/admin/api/shop/add/", 302, name="Shop", is_active="on")
    use_the_api(address, certificate, make_key(owner, scopes=["tryon", "library"]), is_live=is_live)
    # The page about a refusal is written before Django knows of the request.
    refused = owner.ask("POST", "/admin/login/", 413, data=b"x" * 3_000_000)
    assert f'href="{urlsplit(address).path}/favicon.ico"' in refused.text
    for path in ("/healthz", "/readyz"):
        assert owner.ask("GET", path).json()["status"] == "ok"
    schema = owner.ask("GET", "/api/schema").text
    server = re.search(r"^servers:\n- url: (\S+)$", schema, re.MULTILINE)
    assert urljoin(address, server[1] if server else "/").rstrip("/") == address
    return owner


def make_key(owner: Visit, **fields: Any) -> str:
    """Make a secret key of the first shop, and return its text."""
    form = "/admin/api/apikey/add/"
    shop = re.search(r'<option value="([\w-]{36})"', owner.ask("GET", form).text)
    assert shop is not None
    made = owner.form(form, 200, name="Key", kind="secret", shop=shop[1], **fields)
    key = re.search(r"tos_sk_(?:live|test)_\w{49}", made.text)
    assert key is not None
    return key[0]


def use_the_api(address: str, certificate: Path, key: str, *, is_live: bool) -> None:
    """Make a try-on with the key, and open every picture of it without one. Ask the live door, if any."""
    shop, shopper = Visit(address, certificate), Visit(address, certificate)
    shop.headers["Authorization"] = f"Api-Key {key}"
    root = "/api/tryon"
    product = shop.ask(
        "POST", f"{root}/upload", 201, files={"file": images.garment_photo()}, data={"productId": "SKU-1"}
    ).json()["data"]
    models = shop.ask("GET", f"{root}/models").json()["data"]
    model = (
        models[0]
        if models
        else shop.ask(
            "POST",
            f"{root}/models",
            201,
            files={"file": images.model_photo()},
            data={"name": "Ada", "category": "full_body"},
        ).json()["data"]
    )
    wanted = {"productImageId": product["id"], "modelImageId": model["id"]}
    started = shop.ask("POST", f"{root}/generate", 202, json=wanted).json()["data"]
    ended = eventually(lambda: _ended(shop.ask("GET", f"{root}/jobs/{started['jobId']}").json()["data"]))
    assert ended["status"] == "completed", ended
    if is_live:
        events = started["eventsUrl"].removeprefix(address)
        told = shopper.ask("GET", events, headers={"Accept": "text/event-stream"})
        assert '"status":"completed"' in told.text
    for picture in (product["processedUrl"], model["thumbnailUrl"], ended["resultImageUrl"]):
        assert shopper.ask("GET", picture).headers["Content-Type"].startswith("image/")
        shopper.ask("GET", picture.partition("?")[0], 404)


def _ended(job: dict[str, Any]) -> dict[str, Any] | None:
    return None if job["status"] in ("queued", "processing") else job


def look_around_in_a_browser(browser: Browser, address: str) -> None:
    """Log in and open pages whose scripts call the service. Fails for a console error or a lost file."""
    complaints: list[str] = []
    # It has no way to trust one certificate. The other visit checks it.
    with browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(LONGEST_MS)
        page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.goto(f"{address}/admin/")
        page.fill("#id_username", NAME)
        page.fill("#id_password", PASSWORD)
        page.click("[type=submit]")
        page.wait_for_url(f"{address}/admin/")
        for path in (
            "/admin/tryon/productimage/",
            "/admin/tryon/governor/doctor/",
            "/admin/django_rq/dashboard/",
        ):
            page.goto(f"{address}{path}", wait_until="networkidle")
        page.goto(f"{address}/demo/", wait_until="networkidle")
        page.goto(f"{address}/api/docs")
        page.wait_for_selector(".opblock")
        assert page.locator(".servers option").first.get_attribute("value") == urlsplit(address).path
    assert complaints == []
