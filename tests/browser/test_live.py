"""Pages that refresh themselves, in a real browser."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Request, expect

from tests.browser.visits import Visitor, route_now
from tests.factories import TryOnJobFactory
from tests.waiting import eventually
from tryon.models import Account, Status, TryOnJob
from tryon.services.operations import service_pause, service_resume

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

OPERATIONS: Final = "/admin/tryon/governor/"
PAUSED: Final = "An operator paused the service."


NOON: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
# Each refresh that the page plans is counted.
PLANS: Final = """(() => {
    const plan = window.setTimeout;
    window.plans = 0;
    window.setTimeout = (...given) => { plans += 1; return plan(...given); };
})()"""


def opened(visitor: Visitor, address: str) -> Page:
    """Open a page whose clock stands still, and moves when the test says so."""
    page = visitor.page
    page.clock.install(time=NOON)
    page.clock.pause_at(NOON + timedelta(hours=1))
    page.add_init_script(PLANS)
    page.goto(address)
    return page


@pytest.fixture
def page(staff: Visitor) -> Page:
    """The operator's page."""
    return opened(staff, OPERATIONS)


def is_refresh(request: Request) -> bool:
    return "x-live" in request.headers


def last_turn(page: Page, seconds: int = 5) -> None:
    """Let the page refresh itself once."""
    with page.expect_request_finished(is_refresh):
        page.clock.run_for(seconds * 1_000)


def turn(page: Page, seconds: int = 5) -> None:
    """Let the page refresh itself once, take the answer in, and plan its next turn."""
    plans = page.evaluate("plans")
    last_turn(page, seconds)
    eventually(lambda: page.evaluate("plans") > plans)


def refreshes(page: Page) -> list[str]:
    """Return a list that the page's further refreshes go to."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if is_refresh(request) else None)
    return asked


def shown_as(page: Page, *, hidden: bool) -> None:
    """Hide the page's tab, or show it again."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def test_a_page_shows_what_is_new_without_a_reload(page: Page) -> None:
    queued = page.locator("#operations-now dd").first
    expect(queued).to_have_text("0")
    TryOnJobFactory.create()
    turn(page)
    expect(queued).to_have_text("1")
    service_pause(Account.LIVE)
    turn(page)
    expect(page.locator("#operations-now")).to_contain_text(PAUSED)
    expect(page.locator("#studio-live")).to_be_hidden()


READING: Final[dict[str, tuple[str, str]]] = {
    "focus": ("part => part.querySelector('a').focus()", "part => document.activeElement.blur()"),
    "details": (
        "part => { const own = document.createElement('details'); own.open = true; part.append(own); }",
        "part => part.querySelector('details').remove()",
    ),
    "selection": ("part => getSelection().selectAllChildren(part)", "part => getSelection().empty()"),
    "field": (
        "part => { const own = document.createElement('input'); own.value = 'mine'; part.append(own); }",
        "part => part.querySelector('input').remove()",
    ),
}


def test_a_part_stays_while_a_person_reads_or_fills_it_in(page: Page) -> None:
    part = page.locator("#operations-now")
    for begin, end in READING.values():
        part.evaluate(begin)
        service_pause(Account.LIVE)
        turn(page)
        expect(part).not_to_contain_text(PAUSED)
        part.evaluate(end)
        turn(page)
        expect(part).to_contain_text(PAUSED)
        service_resume(Account.LIVE)
        turn(page)


def test_a_page_that_nobody_sees_asks_nothing(page: Page) -> None:
    asked = refreshes(page)
    shown_as(page, hidden=True)
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request_finished(is_refresh):
        shown_as(page, hidden=False)


def test_a_service_that_is_away_is_told_and_asked_less_often(page: Page) -> None:
    note = page.locator("#studio-live")
    route_now(page, f"**{OPERATIONS}", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.run_for(5_000)
    expect(note).to_have_text("The service can't be reached now. This page goes on by itself.")
    page.unroute(f"**{OPERATIONS}")
    asked = refreshes(page)
    page.clock.run_for(9_000)
    assert asked == []
    turn(page, 1)
    expect(note).to_be_hidden()


SENTENCES: Final[dict[str, Callable[[Page], object]]] = {
    "You are signed out. Load this page again to sign in.": lambda _page: Session.objects.all().delete(),
    "This page does not refresh itself any more. Load it again.": lambda page: route_now(
        page, f"**{OPERATIONS}", lambda route: route.fulfill(status=403)
    ),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_page_that_is_closed_to_the_person_stops_and_says_so(page: Page, sentence: str) -> None:
    SENTENCES[sentence](page)
    last_turn(page)
    expect(page.locator("#studio-live")).to_have_text(sentence)
    asked = refreshes(page)
    page.clock.run_for(120_000)
    assert asked == []


def test_a_page_without_such_parts_asks_nothing(page: Page) -> None:
    page.goto("/admin/password_change/")
    asked = refreshes(page)
    page.clock.run_for(120_000)
    assert asked == []


def test_a_job_is_followed_to_its_end(staff: Visitor) -> None:
    job = TryOnJobFactory.create()
    page = opened(staff, f"/admin/tryon/tryonjob/{job.pk}/change/")
    part = page.locator("#job-now")
    expect(part).to_contain_text("It waits for a slot as number 1.")
    TryOnJob.objects.filter(pk=job.pk).update(status=Status.CANCELED)
    last_turn(page, 3)
    expect(part).to_contain_text("The job was canceled.")
    asked = refreshes(page)
    page.clock.run_for(60_000)
    assert asked == []  # nothing changes any more


def test_the_list_of_jobs_shows_their_state_and_tells_of_newer_ones(staff: Visitor) -> None:
    job = TryOnJobFactory.create()
    page = opened(staff, "/admin/tryon/tryonjob/")
    page.locator(".action-select").check()
    TryOnJob.objects.filter(pk=job.pk).update(status=Status.CANCELED)
    TryOnJobFactory.create()
    turn(page)
    expect(page.locator(f"#job-{job.pk}-state")).to_have_text("Canceled")
    expect(page.locator("#jobs-newer")).to_have_text("1 newer job. Load the list again.")
    expect(page.locator(".action-select")).to_be_checked()
    page.get_by_role("link", name="1 newer job").click()
    expect(page.locator(".action-select")).to_have_count(2)
