"""The page of the cleanups: the next time of each, what the last run did, run now, and a dry run."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from config.core import clock
from config.core.upkeep.models import CleanupPreview, CleanupRun
from config.core.upkeep.runs import CleanupRefused
from config.people.models import AuditEntry
from results.models import TryOnResult
from tests.admin_pages import count_queries, page, sign_in
from tests.tryon.cleanup.world import result
from tryon import tasks
from tryon.cleanup import TASKS
from tryon.cleanup.timetable import TIMES, next_time

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/cleanups/"
AGO = timedelta(seconds=-1)


def work() -> None:
    call_command("rqworker", "maintenance", burst=True, worker_class="tests.worker.QuietWorker", verbosity=0)


def row_of(text: str, task: str) -> str:
    """The words of a task's row."""
    return " ".join(re.sub(r"<[^>]+>", " ", text.split(f'id="cleanup-{task}"')[1].split("</tr>")[0]).split())


def order(client: Client, task: str, button: str) -> str:
    answer = client.post(PAGE, {"task": task, button: ""}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_cleanup_runs_now_and_the_page_says_what_it_did() -> None:
    staff = sign_in()
    result(expires_in=AGO)
    assert "None yet" in row_of(page(staff, PAGE), "expired_results")
    assert "A worker runs the cleanup" in order(staff, "expired_results", "run")
    assert TryOnResult.objects.count() == 1  # not in the request
    work()
    assert not TryOnResult.objects.exists()
    assert "removed 1," in row_of(page(staff, PAGE), "expired_results")
    [entry] = AuditEntry.objects.filter(decision="clean")
    assert entry.additional_data == {"task": "expired_results"}


def test_a_dry_run_counts_in_batches_and_removes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tryon.cleanup.results.BATCH", 2)
    monkeypatch.setattr(tasks, "CLEANUP_SECONDS", 0.0)
    staff = sign_in()
    for _ in range(3):
        result(expires_in=AGO)
    order(staff, "expired_results", "dry")
    tasks.preview_cleanup("expired_results")
    assert "Counting 2" in row_of(page(staff, PAGE), "expired_results")
    work()
    assert "would remove 3" in row_of(page(staff, PAGE), "expired_results")
    assert TryOnResult.objects.count() == 3
    assert not CleanupRun.objects.exists()


def test_two_workers_that_count_the_same_batch_count_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    result(expires_in=AGO)
    order(sign_in(), "expired_results", "dry")
    step = TASKS["expired_results"].step

    def twice(cursor: str, tally: object) -> object:
        monkeypatch.setattr(TASKS["expired_results"].__class__, "work", lambda *_a, **_o: step_dry)
        tasks.preview_cleanup("expired_results")
        return step_dry(cursor, tally)

    def step_dry(cursor: str, tally: object) -> object:
        return step(cursor, tally, dry_run=True)

    monkeypatch.setattr(TASKS["expired_results"].__class__, "work", lambda *_a, **_o: twice)
    tasks.preview_cleanup("expired_results")
    assert CleanupPreview.objects.get().removed == 1


def test_a_dry_run_that_is_refused_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> object:
        raise CleanupRefused("More than half of all files have no row.")

    monkeypatch.setattr(TASKS["stored_files"].__class__, "work", lambda *_a, **_o: refuse)
    staff = sign_in()
    order(staff, "stored_files", "dry")
    work()
    text = row_of(page(staff, PAGE), "stored_files")
    assert "cleanup_refused" in text
    assert "More than half" in text


def test_a_run_under_way_and_the_time_of_the_next_are_shown() -> None:
    CleanupRun.objects.create(task="old_events")
    CleanupRun.objects.create(task="old_jobs", finished_at=clock.now(), problem="storage_shared", removed=7)
    text = page(sign_in(), PAGE)
    assert "Running" in row_of(text, "old_events")
    assert "storage_shared removed 7," in row_of(text, "old_jobs")
    assert "02:25" in row_of(text, "old_events")


def test_the_next_time_is_crons() -> None:
    now = datetime(2026, 11, 27, 2, 25, tzinfo=UTC)
    assert next_time("old_events", now) == now + timedelta(days=1)
    assert next_time("erasures", now) == now + timedelta(minutes=5)
    assert next_time("expired_results", now) == now + timedelta(minutes=35)
    assert next_time("none", now) is None
    assert set(TIMES) == set(TASKS)


def test_the_page_takes_a_fixed_number_of_queries() -> None:
    staff = sign_in()
    CleanupRun.objects.create(task="old_events", finished_at=clock.now())
    before = count_queries(staff, PAGE)
    for task in TASKS:
        CleanupRun.objects.create(task=task, finished_at=clock.now())
        CleanupRun.objects.create(task=task)
    assert count_queries(staff, PAGE) == before


def test_who_may_only_look_gets_no_buttons() -> None:
    staff = sign_in("upkeep.view_cleanuprun")
    assert "Run now" not in page(staff, PAGE)
    assert staff.post(PAGE, {"task": "old_events", "run": ""}).status_code == 403


@pytest.mark.usefixtures("redis_away")
def test_without_redis_no_run_is_promised() -> None:
    assert "Redis does not take tasks now" in order(sign_in(), "old_events", "dry")
    assert not CleanupPreview.objects.exists()
