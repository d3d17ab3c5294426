"""A page of a shop, at its own address, that calls the API as README says."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import BrowserContext, Error, Page
from pytest_django.live_server_helper import LiveServer

from config.shops.keys import key_issue
from tests.conftest import Finish
from tests.factories import ShopFactory
from tests.installation.handbook import blocks, instead
from tests.tryon.fashn.loopback import Loopback, answer
from tryon.models import ProductImage, Status

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

EMPTY: Final = answer(b"<p>A shop</p>", headers={"Content-Type": "text/html"})
POLL: Final = """async ([address, token]) => {
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
    const named = ["ETag", "Retry-After", "RateLimit", "X-Request-ID"];
    const headers = named.map((name) => answer.headers.get(name));
    return { status: answer.status, headers, job: (await answer.json()).data };
}"""


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty page at an address of its own."""
    with Loopback() as site:
        site.answers(EMPTY)
        page = context.new_page()
        page.goto(f"{site.url}/")
        yield page
        page.close()


def script_for(live_server: LiveServer, *origins: str) -> str:
    """Return README's script as a function of the photos, for a shop with pages at these origins."""
    shop = ShopFactory.create(name="Linden", allowed_origins=list(origins))
    _row, key = key_issue(name="Page", shop=shop, kind="publishable")
    [block] = blocks("Shoppers", "js")
    script = instead(block, {"https://tryon.example": live_server.url, "tos_pk_live_…": key})
    return f"async ([productImageId, modelImageId]) => {{ {script} return {{session, job, renewed}}; }}"


@pytest.mark.usefixtures("sandbox")
def test_readmes_script_makes_a_try_on_from_a_page_of_the_shop(
    page: Page, live_server: LiveServer, product_id: str, model_id: str, finish: Finish
) -> None:
    ProductImage.objects.update(requester="", shop="")  # the catalogue's
    origin = page.url.removesuffix("/")
    answers: dict[str, Any] = page.evaluate(script_for(live_server, origin), [product_id, model_id])
    job = answers["job"]["data"]
    address = f"{live_server.url}/api/tryon/jobs/{job['jobId']}"
    waiting = page.evaluate(POLL, [address, answers["session"]["token"]])
    assert waiting["status"] == 200
    assert None not in waiting["headers"]  # the page may read them

    assert finish(job["jobId"]).status == Status.COMPLETED
    token = answers["renewed"]["data"]["token"]
    assert page.evaluate(POLL, [address, token])["job"]["resultState"] == "available"


def test_a_page_of_another_origin_reads_nothing(page: Page, live_server: LiveServer) -> None:
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(script_for(live_server, "https://shop.example"), ["", ""])
