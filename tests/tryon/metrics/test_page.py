"""The Operations page: the figures of a window, the processes, and the person who paused."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.admin_pages import page
from tests.conftest import Api
from tests.tryon.metrics.happenings import completed, failed
from tryon.metrics.readings import note_sweep
from tryon.metrics.rollup import roll_up
from tryon.models import Account
from tryon.money.models import Balance

pytestmark = pytest.mark.django_db

OPERATIONS = "/admin/tryon/governor/"


def words(text: str) -> str:
    """Return what a person reads of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_the_page_draws_what_happened_in_the_window_with_a_table(admin_client: Client) -> None:
    completed(ago=timedelta(minutes=20), waited=1, at_fashn=6)
    job = failed("deadline_passed", ago=timedelta(hours=3), requester="user:1")
    roll_up(max_seconds=60)
    Balance.objects.create(account=Account.LIVE, credits=4321)
    day = page(admin_client, OPERATIONS)
    assert "<svg" in day
    assert "deadline_passed" in day
    assert "At FASHN balanced 1 6.2 7.4" in words(day)
    assert "4321" in day
    assert "Durations come up to eight minutes late" in day
    assert "Back office" in day
    hour = page(admin_client, f"{OPERATIONS}?window=1h")
    assert "deadline_passed" not in hour
    assert 'aria-current="page">The last hour' in hour
    failures = re.search(r'href="([^"]+error_code[^"]+)"', day)
    assert failures is not None
    assert str(job.pk) in page(admin_client, failures[1].replace("&amp;", "&"))


def test_the_page_names_who_paused_and_not_after_another_has_paused_again(
    admin_client: Client, admin_user: User, manager: Api
) -> None:
    admin_client.post(f"{OPERATIONS}pause/")
    assert f"{admin_user.get_username()}, " in page(admin_client, OPERATIONS).split("operations-now")[1]
    admin_client.post(f"{OPERATIONS}resume/")
    manager.post("stats/pause")  # a key
    assert f"{admin_user.get_username()}, " not in page(admin_client, OPERATIONS).split("operations-now")[1]


def test_the_page_says_that_nothing_runs_and_when_the_last_sweep_was(admin_client: Client) -> None:
    assert "No worker and no clock runs." in page(admin_client, OPERATIONS)
    note_sweep()
    assert re.search(r"Last sweep: \d{4}-\d\d", words(page(admin_client, OPERATIONS)))
