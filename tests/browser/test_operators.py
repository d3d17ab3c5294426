"""An operator in a browser: alerts and their test, cleanups, and the failed tasks of RQ."""

import pytest
from django.core.management import call_command
from playwright.sync_api import expect
from pytest_django import Settings

from config.core import clock
from config.core.upkeep.models import CleanupRun
from tests.browser.visits import TOO_WIDE, Visitor
from tests.browser.widest import widest_rows
from tests.factories import TryOnJobFactory
from tests.serving import serving
from tests.tryon.alerts.receivers import Hook
from tryon.alerts.models import Alert, Message
from tryon.engine import queue

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def work(name: str) -> None:
    call_command("rqworker", name, burst=True, worker_class="tests.worker.QuietWorker", verbosity=0)


def test_alerts_are_read_and_tested(staff: Visitor, settings: Settings) -> None:
    row = Alert.objects.create(name="no_worker", subject="tryon", raised_at=clock.now())
    Message.objects.create(alert=row, channel="webhook", news="raised", problem="HTTP 503")
    facts = {"percent": 40, "failed": 8, "ended": 20}
    now, name = clock.now(), "failure_rate"
    Alert.objects.create(name=name, subject="no_person", facts=facts, raised_at=now, resolved_at=now)
    with serving(Hook()) as hook:
        settings.ALERT_WEBHOOK_URL = f"http://{hook.place}/x"
        settings.ALERT_WEBHOOK_HOSTS = [hook.place]
        assert staff.faults_of("/admin/alerts/") == []
        staff.page.get_by_role("button", name="Send a test").click()
        expect(staff.page.get_by_text("A worker sends the test.")).to_be_visible()
        work("maintenance")
        expect(staff.page.get_by_role("row", name="A test")).not_to_contain_text("waits")
        assert len(hook.texts) == 1


def test_a_cleanup_is_counted_and_run(staff: Visitor) -> None:
    CleanupRun.objects.create(task="stored_files", finished_at=clock.now(), removed=3, freed_bytes=2_000_000)
    assert staff.faults_of("/admin/cleanups/") == []
    line = staff.page.get_by_role("row").filter(has_text="old_sessions")
    line.get_by_role("button", name="Dry run").click()
    expect(staff.page.get_by_text("It removes nothing.")).to_be_visible()
    line.get_by_role("button", name="Run now").click()
    expect(staff.page.get_by_text("A worker runs the cleanup.")).to_be_visible()
    work("maintenance")
    expect(line).to_contain_text("would remove 0")
    expect(line).to_contain_text("removed 0")


def test_all_failed_tasks_are_selected_and_deleted(staff: Visitor) -> None:
    for number in range(3):
        queue._send("tryon", f"task-{number}", "tryon.tasks.advance_job", ("no-id",), 0)
    work("tryon")
    assert staff.faults_of("/admin/django_rq/dashboard/queues/1/failed/") == []
    staff.page.locator("#action-toggle").check()
    expect(staff.page.locator("tr.selected")).to_have_count(3)
    staff.page.locator("select[name=action]").select_option("delete")
    staff.page.get_by_role("button", name="Go").click()
    staff.page.get_by_role("button", name="Delete 3 jobs").click()
    expect(staff.page.get_by_text("You have successfully deleted 3 jobs!")).to_be_visible()


def test_the_pages_of_an_operator_on_call_fit_a_phone(staff: Visitor) -> None:
    TryOnJobFactory.create(requester=f"user:{staff.user_id}")
    widest_rows()
    row = Alert.objects.create(name="no_worker", subject="tryon", raised_at=clock.now())
    Message.objects.create(alert=row, channel="webhook", news="raised", problem="ConnectTimeoutError")
    staff.page.set_viewport_size({"width": 390, "height": 844})
    places = [
        "tryon/governor/",
        "alerts/",
        "tryon/tryonjob/",
        "review/",
        "cleanups/",
        "tryon/governor/doctor/",
    ]
    for place in places:
        staff.page.goto(f"/admin/{place}")
        assert staff.page.evaluate(TOO_WIDE) == [], place
