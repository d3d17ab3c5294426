"""The page of the alerts: what lasts, what was, thresholds with links to the runbook, and the test."""

import pytest
from django.core.management import call_command
from pytest_django import Settings

from config.core import clock
from tests.admin_pages import count_queries, page, sign_in
from tests.serving import serving
from tests.tryon.alerts.receivers import Hook
from tryon.alerts.models import Alert, Message

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/alerts/"


def raised(**more: object) -> Alert:
    alert: Alert = Alert.objects.create(
        **{"name": "dead_letters", "facts": {"jobs": 12}, "raised_at": clock.now(), **more}
    )
    return alert


def test_the_page_shows_what_lasts_and_what_was() -> None:
    staff = sign_in("alerts.view_alert")
    assert "There is no trouble." in page(staff, PAGE)
    Message.objects.create(alert=raised(), channel="webhook", news="raised", problem="HTTP 500")
    Alert.objects.create(name="no_cron", facts={"seconds": 9})  # it may pass
    raised(name="budget_80", subject="live", facts={"percent": 81}, resolved_at=clock.now())
    text = page(staff, PAGE)
    assert "12 failed jobs wait for a person." in text
    assert "HTTP 500" in text
    assert "or no sweep has ended for 9 s" not in text
    assert "81 % of today&#x27;s credits of the account live are used: - of -." in text
    assert 'href="/admin/runbook/#dead_letters"' in text
    assert "ALERT_DEAD_LETTERS=10" in text
    assert "Send a test" not in text


def test_a_test_is_sent_by_a_worker_to_each_channel(settings: Settings) -> None:
    staff = sign_in()
    assert '"Send a test" disabled aria-describedby="alerts-channels"' in page(staff, PAGE)
    assert "No channel is set up" in staff.post(PAGE, follow=True).content.decode()
    with serving(Hook()) as hook:
        settings.ALERT_WEBHOOK_URL = f"http://{hook.place}/x"
        settings.ALERT_WEBHOOK_HOSTS = [hook.place]
        assert '"Send a test">' in page(staff, PAGE)
        assert "A worker sends the test" in staff.post(PAGE, follow=True).content.decode()
        assert hook.texts == []  # not in the request
        call_command(
            "rqworker", "maintenance", burst=True, worker_class="tests.worker.QuietWorker", verbosity=0
        )
        [text] = [text for text in hook.texts if "This is a test" in text]
    assert "staff has asked for it" in text
    assert "Webhook, Raised:" in page(staff, PAGE)


def test_a_threshold_of_nothing_is_shown_as_off(settings: Settings) -> None:
    settings.STORAGE_LIMIT_GB, settings.TRYON_DAILY_LIMIT = 0, 5
    rows = page(sign_in(), PAGE).split("<tr>")
    [storage] = [row for row in rows if "<code>storage_80</code>" in row]
    [budget] = [row for row in rows if "<code>budget_80</code>" in row]
    assert ">off</span>" in storage
    assert ">off</span>" not in budget


def test_the_page_takes_a_fixed_number_of_queries() -> None:
    staff = sign_in()
    raised()
    raised(resolved_at=clock.now())
    before = count_queries(staff, PAGE)
    for number in range(5):
        Message.objects.create(alert=raised(subject=str(number)), channel="email", news="raised")
        raised(resolved_at=clock.now())
    assert count_queries(staff, PAGE) == before
