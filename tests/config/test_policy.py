"""The policy of each page forbids inline scripts and styles, and pages have none: django-rq's neither."""

from typing import Any, Final

import django_rq
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from rq.job import JobStatus

from tests.browser.visits import inline_parts

RQ: Final = "/admin/django_rq/dashboard/"
PAGES: Final = ("/admin/", "/api/docs", "/no/such/page", RQ)


def test_the_policy_allows_nothing_inline() -> None:
    assert settings.SECURE_CSP["default-src"] == ["'self'"]
    assert {"script-src", "style-src"} & settings.SECURE_CSP.keys() == set()
    assert "unsafe" not in str(settings.SECURE_CSP)


@pytest.mark.django_db
def test_pages_have_the_policy_and_nothing_inline(admin_client: Client) -> None:
    for address in (*PAGES, *pages_of_a_task()):
        page = admin_client.get(address)
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'"), address
        assert "unsafe" not in page.headers["Content-Security-Policy"], address
        assert page.status_code == (404 if "no/such" in address else 200), address
        assert inline_parts(page.content.decode()) == [], address


def pages_of_a_task() -> list[str]:
    """Return the pages about a failed task, whose arguments look like markup."""
    queue: Any = django_rq.get_queue("tryon")
    task = queue.enqueue("tests.config.test_policy.broken", ' style="color:red" <script>alert(1)</script>')
    task.set_status(JobStatus.FAILED)
    queue.failed_job_registry.add(task, ttl=60)
    queue.remove(task.id)
    place = f"{RQ}queues/{sorted(settings.RQ_QUEUES).index('tryon')}/"
    return [f"{place}{rest}" for rest in (f"{task.id}/", "failed/", "failed/clear/", f"{task.id}/delete/")]


def test_error_pages_have_a_style_sheet_that_is_there(client: Client) -> None:
    page = client.get("/no/such/page").content.decode()
    assert f'href="{settings.STATIC_URL}tryon/error.css"' in page
    assert finders.find("tryon/error.css")
    assert inline_parts(page) == []


@pytest.mark.parametrize(
    ("markup", "parts"),
    [
        ("<style>p {}</style>", 1),
        ("<script>go()</script>", 1),
        ('<p style="color: red" onclick="go()">', 2),
        ('<a href="javascript:go()">', 1),
        ('<script src="/x.js" defer></script><script type="application/json">{}</script>', 0),
        ("<p>on Monday, in style</p>", 0),
    ],
)
def test_what_is_inline_is_found(markup: str, parts: int) -> None:
    assert len(inline_parts(markup)) == parts
