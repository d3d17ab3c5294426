"""Trouble is told once and when it is over, by e-mail and webhook, and no message is lost or doubled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from pytest_django import Settings

from config.core import clock
from config.core.quiet_hours import quiet_hours
from tests.factories import ModelImageFactory, TryOnJobFactory
from tests.serving import serving
from tests.tryon.alerts.receivers import Hook, MailServer
from tryon import tasks
from tryon.alerts import sending
from tryon.alerts.models import Alert, Message
from tryon.alerts.rounds import go_round
from tryon.engine import governor
from tryon.models import Account, Pause, Status

pytestmark = pytest.mark.django_db(transaction=True)

RUNBOOK = "https://tryon.example.com/admin/runbook/#credits_gone"


@pytest.fixture(autouse=True)
def workers_are_there(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """No worker runs in these tests: that is not their trouble."""
    monkeypatch.setattr("tryon.engine.queue.is_away", lambda: True)
    settings.ALERT_CLOCK_SECONDS = 3600.0
    settings.PUBLIC_BASE_URL = "https://tryon.example.com"


@pytest.fixture
def hook(settings: Settings) -> Iterator[Hook]:
    with serving(Hook()) as server:
        settings.ALERT_WEBHOOK_URL = f"http://{server.place}/services/T0/B0/x"
        settings.ALERT_WEBHOOK_HOSTS = [server.place]
        yield server


@pytest.fixture
def mails(settings: Settings) -> Iterator[MailServer]:
    with serving(MailServer()) as server:
        settings.EMAIL_SERVER = "127.0.0.1"
        settings.ALERT_EMAILS = ["ops@shop.example", "night@shop.example"]
        options: dict[str, Any] = {"host": "127.0.0.1", "port": server.server_address[1], "timeout": 5}
        backend = "django.core.mail.backends.smtp.EmailBackend"
        settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
        yield server


def later(**span: float) -> None:
    """Let time pass for the alerts and their messages."""
    gone = timedelta(**span)
    Alert.objects.update(since=F("since") - gone, seen_at=F("seen_at") - gone)
    Message.objects.filter(next_at__isnull=False).update(next_at=F("next_at") - gone)


def test_trouble_is_told_once_and_once_more_when_it_is_over(hook: Hook, mails: MailServer) -> None:
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    for _ in range(3):
        tasks.alerts()
    [text] = hook.texts
    assert "[credits_gone] FASHN's credits of the account live are used up." in text
    assert RUNBOOK in text
    [mail] = mails.mails
    assert mail["To"] == "ops@shop.example, night@shop.example"
    assert mail["Subject"] == "Try-On Studio: The credits are used up"
    assert RUNBOOK in mail.get_content()

    governor.resume(Account.LIVE)
    tasks.alerts()
    assert len(hook.texts) == 1  # it may come again in a moment
    later(minutes=4)
    for _ in range(2):
        tasks.alerts()
    assert "Over: The credits are used up" in hook.texts[1]
    assert (len(hook.texts), len(mails.mails)) == (2, 2)
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_a_message_that_is_refused_is_tried_again(hook: Hook, mails: MailServer) -> None:
    hook.status, mails.refuses = 500, True
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    tasks.alerts()
    assert {message.problem for message in Message.objects.all()} == {"HTTP 500", "SMTPSenderRefused"}
    hook.status, mails.refuses = 200, False
    tasks.alerts()
    assert hook.texts == []  # not at once
    later(minutes=11)
    tasks.alerts()
    tasks.alerts()
    assert (len(hook.texts), len(mails.mails)) == (1, 1)


def test_two_senders_send_a_message_once(hook: Hook) -> None:
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    go_round()
    [seen_by_the_second] = Message.objects.select_related("alert")
    sending.send_due()
    assert not sending.is_mine(seen_by_the_second, clock.now())
    sending.send_due()
    assert len(hook.texts) == 1


def test_a_sender_that_was_killed_leaves_its_message_to_the_next(hook: Hook) -> None:
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    go_round()
    assert len(sending.claim("webhook")) == 1  # and no more
    sending.send_due()
    assert hook.texts == []
    later(minutes=4)
    sending.send_due()
    assert len(hook.texts) == 1


def test_who_was_not_told_of_trouble_is_not_told_of_its_end(hook: Hook) -> None:
    hook.status = 503
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    tasks.alerts()
    governor.resume(Account.LIVE)
    hook.status = 200
    later(minutes=4)
    tasks.alerts()
    later(hours=1)
    tasks.alerts()
    assert hook.texts == []


def test_a_webhook_in_a_private_network_is_refused_unless_allowed(hook: Hook, settings: Settings) -> None:
    settings.ALERT_WEBHOOK_HOSTS = []
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    tasks.alerts()
    assert hook.texts == []
    assert Message.objects.get().problem == "AddressRefused"


def test_a_redirect_of_a_webhook_is_not_followed(hook: Hook) -> None:
    hook.status = 307
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    tasks.alerts()
    assert Message.objects.get().problem == "HTTP 307"


def test_in_quiet_hours_only_critical_alerts_are_sent(hook: Hook, settings: Settings) -> None:
    settings.ALERT_QUIET_HOURS = quiet_hours("00:00-23:59")
    night = quiet_hours("22:00-07:00 Asia/Seoul")
    assert night is not None
    in_quiet = [hour for hour in (12, 13, 21, 22) if night.has(datetime(2026, 11, 27, hour, tzinfo=UTC))]
    assert in_quiet == [13, 21]
    settings.ALERT_DEAD_LETTERS = 1
    TryOnJobFactory.create(status=Status.FAILED, error_code="deadline_passed")
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    tasks.alerts()
    [text] = hook.texts
    assert "dead_letters" not in text
    settings.ALERT_QUIET_HOURS = None
    tasks.alerts()
    assert "[dead_letters] 1 failed jobs wait" in hook.texts[1]


def test_a_channel_that_is_set_up_later_is_told_of_what_lasts(hook: Hook, settings: Settings) -> None:
    address, settings.ALERT_WEBHOOK_URL = settings.ALERT_WEBHOOK_URL, ""
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    tasks.alerts()
    settings.ALERT_WEBHOOK_URL = address
    tasks.alerts()
    assert len(hook.texts) == 1


def test_a_name_calls_nobody_in_slack(hook: Hook) -> None:
    ModelImageFactory.create(name="<!channel> & co", release_until=clock.today())
    tasks.alerts()
    assert "&lt;!channel&gt; &amp; co ends" in hook.texts[0]


def test_an_old_alert_goes_after_a_while() -> None:
    Alert.objects.create(name="gone", resolved_at=clock.now() - timedelta(days=91))
    tasks.alerts()
    assert not Alert.objects.exists()
