"""One run of a task at a time, in batches, going on where the last one ended; seen in the admin."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError
from rq import cron

from config.core import clock
from config.core.upkeep.models import CleanupRun
from config.core.upkeep.runs import Batch, run
from results.models import TryOnResult
from tests.admin_pages import page, sign_in
from tests.tryon.cleanup.world import clean, result
from tryon import tasks

pytestmark = pytest.mark.django_db

AGO = timedelta(seconds=-1)
RUNS = "/admin/upkeep/cleanuprun/"


@pytest.fixture
def batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tryon.cleanup.results.BATCH", 2)


def test_a_second_run_is_kept_out() -> None:
    inner: list[CleanupRun | None] = []

    def work(cursor: str, tally: dict[str, Any]) -> Batch:
        inner.append(run("expired_results", work, max_seconds=1))
        with pytest.raises(CommandError, match="expired_results"):
            clean("expired_results")
        return Batch("", removed=1)

    outer = run("expired_results", work, max_seconds=1)
    assert inner == [None]
    assert outer is not None
    assert CleanupRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("batches_of_two")
def test_a_run_that_is_out_of_time_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        result(expires_in=AGO)
    monkeypatch.setattr(tasks, "CLEANUP_SECONDS", 0.0)
    for left in (3, 1, 0):
        tasks.cleanup("expired_results")
        assert TryOnResult.objects.count() == left
    runs = CleanupRun.objects.order_by("started_at")
    assert list(runs.values_list("removed", flat=True)) == [2, 2, 1]
    assert [bool(one.cursor) for one in runs] == [True, True, False]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("batches_of_two")
def test_what_is_left_is_handed_on_to_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    import django_rq

    for _ in range(3):
        result(expires_in=AGO)
    monkeypatch.setattr(tasks, "CLEANUP_SECONDS", 0.0)
    tasks.cleanup("expired_results")
    (waiting,) = django_rq.get_queue("maintenance").jobs
    assert (waiting.func_name, waiting.args) == ("tryon.tasks.cleanup", ("expired_results",))


@pytest.mark.usefixtures("batches_of_two")
def test_a_killed_run_is_closed_and_gone_on_with() -> None:
    rows = sorted((result(expires_in=AGO) for _ in range(4)), key=lambda row: row.pk)
    long_ago = clock.now() - timedelta(minutes=6)
    CleanupRun.objects.create(
        task="expired_results", started_at=long_ago, heartbeat_at=long_ago, cursor=str(rows[1].pk)
    )
    assert "removed 2" in clean("expired_results")
    assert set(TryOnResult.objects.all()) == set(rows[:2])  # the killed run had seen to these
    assert CleanupRun.objects.get(problem="interrupted").finished_at is not None
    assert "removed 2" in clean("expired_results")


def test_a_run_that_lives_is_not_taken_over() -> None:
    CleanupRun.objects.create(task="expired_results")
    result(expires_in=AGO)
    with pytest.raises(CommandError):
        clean("expired_results")
    assert TryOnResult.objects.count() == 1


def test_each_batch_is_a_sign_of_life() -> None:
    inner: list[CleanupRun | None] = []

    def work(cursor: str, tally: dict[str, Any]) -> Batch:
        if not cursor:
            CleanupRun.objects.update(heartbeat_at=clock.now() - timedelta(minutes=6))
            return Batch("half")
        inner.append(run("expired_results", work, max_seconds=60))
        return Batch("")

    outer = run("expired_results", work, max_seconds=60)
    assert inner == [None]
    assert outer is not None
    assert outer.problem == ""


def test_a_run_that_was_taken_for_dead_stops() -> None:
    """Another goes on where it was."""
    seen: list[str] = []

    def work(cursor: str, tally: dict[str, Any]) -> Batch:
        seen.append(cursor)
        CleanupRun.objects.update(finished_at=clock.now(), problem="interrupted")
        return Batch("half")

    ended = run("expired_results", work, max_seconds=60)
    assert seen == [""]
    assert ended is not None
    assert (ended.problem, ended.cursor) == ("interrupted", "")


def test_old_runs_are_forgotten() -> None:
    long_ago = clock.now() - timedelta(days=91)
    CleanupRun.objects.create(task="old_sessions", started_at=long_ago, finished_at=long_ago)
    clean("old_sessions")
    assert CleanupRun.objects.get().started_at > long_ago


def test_the_admin_shows_what_was_done() -> None:
    result(expires_in=AGO)
    clean("expired_results")
    CleanupRun.objects.create(
        task="stored_files",
        finished_at=clock.now(),
        problem="cleanup_refused",
        notes=["12 of 12 files have no row."],
    )
    staff = sign_in()
    text = page(staff, RUNS)
    assert "expired_results" in text
    assert "20\xa0bytes" in text
    assert "cleanup_refused" in text
    refused = CleanupRun.objects.get(problem="cleanup_refused")
    assert "12 of 12 files have no row." in page(staff, f"{RUNS}{refused.pk}/change/")
    assert staff.get(f"{RUNS}add/").status_code == 403


def test_cron_runs_every_task_that_the_command_runs_by_itself() -> None:
    import config.cron  # noqa: F401
    from tryon.cleanup import TASKS

    registered = [job for job in cron._job_data_registry if job["func"] == tasks.cleanup]
    assert {job["args"][0] for job in registered} == set(TASKS)
    assert {job["queue_name"] for job in registered} == {"maintenance"}
