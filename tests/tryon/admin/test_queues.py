"""RQ's failed tasks in the admin: they leave soon, in bulk too, and lead to their try-on jobs."""

import re
from typing import Any

import django_rq
import pytest
from django.core.management import call_command
from django.test import Client
from rq.cron import CronScheduler

from tests.admin_pages import page
from tests.factories import PredictionFactory, TryOnJobFactory
from tests.waiting import eventually
from tryon.admin import failed_tasks
from tryon.engine import queue

pytestmark = pytest.mark.django_db(transaction=True)

RQ = "/admin/django_rq/dashboard/"
QUEUE = f"{RQ}queues/1/"  # by the order of names: maintenance, tryon
JOBS = "/admin/tryon/tryonjob/"
NO_JOB = "no-id"
SEEN_FOR = 900  # seconds


def work() -> None:
    call_command("rqworker", "tryon", burst=True, worker_class="tests.worker.QuietWorker", verbosity=0)


def failed(count: int) -> list[str]:
    """Let tasks fail. Return their names."""
    for number in range(count):
        queue._send("tryon", f"task-{number}", "tryon.tasks.advance_job", (NO_JOB,), 0)
    work()
    return [f"task-{number}" for number in range(count)]


@pytest.fixture
def tasks() -> Any:
    return django_rq.get_queue("tryon")


def test_failed_tasks_stay_for_minutes(tasks: Any) -> None:
    failed(3)
    [*keys] = [key for key in tasks.connection.scan_iter() if b"task-" in key]
    assert len(keys) == 6  # the tasks and their outcomes
    assert all(0 < tasks.connection.ttl(key) <= SEEN_FOR for key in keys)


@pytest.mark.slow
def test_a_flood_of_failed_tasks_leaves_redis(tasks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "FAILED_TASK_SECONDS", 1)
    failed(150)

    def left() -> list[Any]:
        return [key for key in tasks.connection.scan_iter() if b"task-" in key]

    eventually(lambda: not left())
    work()  # a worker looks after the lists as it starts
    assert not tasks.connection.zrange("rq:failed:tryon", 0, -1)


def test_failed_tasks_are_requeued_and_deleted_together(staff: Client, tasks: Any) -> None:
    names = failed(3)
    assert "requeue 3 jobs" in page(staff, f"{QUEUE}requeue-all/")

    text = staff.post(f"{QUEUE}requeue-all/", follow=True).content.decode()
    assert "3 tasks are done." in text
    assert [*tasks.job_ids] == names
    work()
    assert "3 tasks are done." in staff.post(f"{QUEUE}failed/clear/", follow=True).content.decode()
    assert not [key for key in tasks.connection.scan_iter() if b"task-" in key]


def test_work_on_a_flood_ends_in_time_and_says_what_is_left(
    staff: Client, tasks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(2)
    monkeypatch.setattr(failed_tasks, "SECONDS", -1.0)
    text = staff.post(f"{QUEUE}failed/clear/", follow=True).content.decode()
    assert "2 failed tasks are left. Do it again." in text
    assert tasks.failed_job_registry.count == 2


def test_some_failed_tasks_are_chosen_though_one_has_left(staff: Client, tasks: Any) -> None:
    failed(3)
    chosen = {"_selected_action": ["task-0", "task-1", "left"], "action": "delete"}
    text = staff.post(f"{RQ}queues/confirm-action/1/", chosen).content.decode()
    assert 'value="task-0"' in text
    form = {"job_ids": ["task-0", "left", "task-1"], "action": "delete"}
    text = staff.post(f"{RQ}queues/actions/1/", form, follow=True).content.decode()
    assert "deleted 2 jobs" in text
    form = {"job_ids": ["task-2", "left"], "action": "requeue"}
    assert "requeued 1 job" in staff.post(f"{RQ}queues/actions/1/", form, follow=True).content.decode()
    assert [*tasks.job_ids] == ["task-2"]


def test_a_task_is_not_found_in_another_queue(staff: Client, tasks: Any) -> None:
    failed(1)
    assert staff.get(f"{QUEUE}task-0/").status_code == 200
    assert staff.get(f"{RQ}queues/0/task-0/").status_code == 404
    assert staff.post(f"{RQ}queues/0/task-0/enqueue/").status_code == 404
    assert staff.get(f"{QUEUE}task-0/requeue/").status_code == 405  # its page would ask for the deletion


def test_lists_of_tasks_lead_to_the_jobs_and_back(staff: Client) -> None:
    job = TryOnJobFactory.create()
    late = PredictionFactory.create(job__failed=True)
    queue.enqueue_advance(job.pk)
    queue.enqueue_rescue(late.pk)
    queue._send("tryon", "task-0", "tryon.tasks.advance_job", (NO_JOB,), 0)
    text = page(staff, QUEUE)
    for key, name in ((job.pk, f"advance_job-{job.pk}"), (late.job_id, f"rescue_prediction-{late.pk}")):
        assert text.count(f'href="{JOBS}{key}/change/"') == 1
        [task] = re.findall(rf'href="({QUEUE}{name}[^"]+)"', page(staff, f"{JOBS}{key}/change/"))
        assert f'href="{JOBS}{key}/change/"' in page(staff, task)
    assert NO_JOB in page(staff, f"{QUEUE}task-0/")


def test_the_clock_of_the_tasks_is_shown(staff: Client, tasks: Any) -> None:
    clock = CronScheduler(connection=tasks.connection)
    clock.register(work, "tryon", cron="5 3 * * *")
    clock.register_birth()
    [address] = re.findall(rf'href="({RQ}cron-schedulers/[^"]+)"', page(staff, RQ))
    text = page(staff, address)
    assert "5 3 * * *" in text
    [of_task] = set(re.findall(rf'href="({address}jobs/[^"]+)"', text))
    assert staff.get(of_task).status_code == 200
