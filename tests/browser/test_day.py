"""A merchandiser's whole day and an operator's bad hour in a real browser, with the rights of a group."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings

from config.core import clock
from config.shops.roles import ROLES, permissions_named
from results.models import Review, TryOnResult
from tests import images
from tests.browser.visits import Visitor
from tests.conftest import Finish, Generate
from tests.ledger import credits_paid
from tests.tryon.batches.conftest import Run, run
from tests.waiting import eventually
from tryon import tasks
from tryon.batches.models import Batch
from tryon.engine.governor.breaker import FAILURES_TO_OPEN
from tryon.models import Governor, Status, TryOnJob
from tryon.sandbox import Sandbox

__all__ = ["run"]

PNG: Final = b"\x89PNG"

OPERATIONS: Final = "/admin/tryon/governor/"

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


type Joined = Callable[[str], Visitor]


@pytest.fixture
def joined(context: BrowserContext, transactional_db: None) -> Joined:
    """A person with the rights of one group alone, signed in by the login page."""

    def join(role: str) -> Visitor:
        group, _is_new = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions_named(ROLES[role]))
        user = User.objects.create_user("mina", password="a long secret", is_staff=True)
        user.groups.add(group)
        visitor = Visitor(context.new_page(), user_id=user.pk)
        visitor.page.goto("/admin/login/")
        visitor.page.fill("#id_username", "mina")
        visitor.page.fill("#id_password", "a long secret")
        visitor.page.press("#id_password", "Enter")
        visitor.page.wait_for_url("**/admin/")
        return visitor

    return join


def next_step(page: Page, words: str) -> None:
    """Go home, and to what home says is to be done next."""
    page.goto("/admin/")
    page.locator(".studio-steps").get_by_role("link", name=words).click()


def file(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def sent(page: Page, *files: Any) -> None:
    """Choose photos, send them, and wait until each has arrived."""
    page.locator("#id_photos").set_input_files(files)
    page.get_by_role("button", name=f"Send {len(files)} photos").click()
    number = len(files)
    expect(page.locator("#studio-said")).to_contain_text(f"{number} of {number} done: {number} added")


def test_from_an_empty_library_to_the_approved_pictures(joined: Joined, sandbox: Sandbox, run: Run) -> None:
    page = joined("Merchandiser").page
    next_step(page, "Add the first product photos.")
    garments = [images.garment_photo(images.SMALL_SQUARE, seed=seed) for seed in range(2)]
    sent(page, *[file(f"SKU-{n}_front.jpg", content) for n, content in enumerate(garments)])
    next_step(page, "Add the first model photos.")
    people = [images.model_photo(images.SMALL_PORTRAIT, seed=seed) for seed in range(2)]
    sent(page, *[file(f"{name}.jpg", content) for name, content in zip(("Ada", "Zoe"), people, strict=True)])

    page.goto("/admin/catalogue/product/")
    page.get_by_text("SKU-0").click()
    page.fill("#id_name", "Linen shirt")
    page.fill("#id_price", "49000")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")

    next_step(page, "Plan the first try-ons.")
    page.get_by_label("All products").check()
    for name in ("Ada", "Zoe"):
        page.get_by_role("checkbox", name=name).check(force=True)
    page.get_by_role("button", name="Count the price").click()
    page.get_by_role("button", name="Start 4 try-ons for 4 credits").click()
    expect(page.get_by_text("The batch has started.")).to_be_visible()
    batch = run(Batch.objects.get())
    expect(page.locator("#batch-state")).to_contain_text("Done")
    assert (batch.counts, credits_paid(sandbox)) == ({"done": 4}, 4)

    next_step(page, "Results to review: 4")
    for key, left in zip(("KeyA", "KeyA", "KeyR", "KeyA"), (3, 2, 1, 0), strict=True):
        expect(page.locator(".review-large .review-layer").first).to_be_visible()
        page.keyboard.press(key)
        if key == "KeyR":
            page.keyboard.press("Digit1")
        expect(page.locator("#review-progress")).to_contain_text(f"{left} left")
    expect(page.locator("#review-saving")).to_be_hidden()
    eventually(lambda: TryOnResult.objects.filter(review=Review.APPROVED).count() == 3)

    with page.expect_download() as download:
        page.get_by_role("link", name="Download the approved as ZIP").click()
    opened(Path(download.value.path()))


def opened(path: Path) -> None:
    """The ZIP has the three approved pictures, each as its manifest says."""
    with ZipFile(path) as archive:
        lines = json.loads(archive.read("manifest.json"))
        assert len(lines) == 3
        for line in lines:
            content = archive.read(line["file"])
            assert sha256(content).hexdigest() == line["sha256"]
            assert content.startswith(PNG)
            assert (line["state"], line["credits"], line["ai_label"]) == ("ok", 1, "Made with AI")
            assert (line["approved_by"], line["model"] in ("Ada", "Zoe")) == ("mina", True)


def home_says(page: Page, words: str) -> None:
    """Home and the operator's page name the trouble, and home leads to that page."""
    cache.clear()  # ten seconds later
    page.goto("/admin/")
    expect(page.locator("#studio-now")).to_contain_text(words)
    page.locator("#studio-now").get_by_role("link", name="Operations").click()
    expect(page.locator("#operations-now")).to_contain_text(words)


def later() -> None:
    """Let what the governor waits for be over."""
    past = clock.now() - timedelta(seconds=1)
    Governor.objects.update(open_until=past, probe_at=past)
    TryOnJob.objects.filter(not_before__isnull=False).update(not_before=past)
    tasks.sweep()


def test_the_bad_hour_of_an_operator(
    joined: Joined,
    generate: Generate,
    finish: Finish,
    work: Callable[[], None],
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    page = joined("Operator").page

    settings.FASHN_API_KEY = "fa-mistyped"
    first = generate(seed=1)["jobId"]
    work()
    home_says(page, "FASHN does not accept the key. Set FASHN_API_KEY and restart.")
    settings.FASHN_API_KEY = sandbox.api_key
    later()
    assert finish(first).status == Status.COMPLETED

    sandbox.set_credits(0)
    second = generate(seed=2)["jobId"]
    work()
    home_says(page, "FASHN's credits are used up. Buy credits.")
    sandbox.set_credits(100)
    later()
    assert finish(second).status == Status.COMPLETED

    page.goto(OPERATIONS)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused. Jobs at FASHN will finish.")).to_be_visible()
    third = generate(seed=3)["jobId"]
    work()
    home_says(page, "An operator paused the service.")
    assert TryOnJob.objects.get(pk=third).status == Status.QUEUED
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Resumed. Jobs start again.")).to_be_visible()
    assert finish(third).status == Status.COMPLETED

    sandbox.inject("run", "service_unavailable", times=FAILURES_TO_OPEN)
    waiting = [generate(seed=seed)["jobId"] for seed in range(10, 10 + FAILURES_TO_OPEN)]
    work()
    page.goto(OPERATIONS)
    expect(page.locator("#operations-now")).to_contain_text("FASHN can't accept jobs now.")
    later()
    assert {finish(job).status for job in waiting} == {Status.COMPLETED}
    page.goto(OPERATIONS)
    expect(page.locator(".studio-problem")).to_have_count(0)

    sandbox.inject("status", "NotFound")
    lost = generate(seed=4)["jobId"]
    assert finish(lost).status == Status.FAILED
    next_step(page, "Failed jobs that a retry may cure: 1")
    page.locator("#result_list").get_by_role("link", name=lost[:8]).click()
    page.locator("[name=CHANGE_FORM-action]").select_option("retry")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Retry for at most 1 credit").click()
    expect(page.get_by_text("1 of 1 jobs were retried.")).to_be_visible()
    assert finish(lost).status == Status.COMPLETED
    page.reload()
    expect(page.locator("#job-now")).to_contain_text("Completed")
