"""Deliveries: the contract of Standard Webhooks, the attempts, and the health of an endpoint."""

from datetime import timedelta
from email.utils import format_datetime
from socket import AF_INET, AF_INET6, SOCK_STREAM
from threading import Event
from typing import Any

import pytest
from django_redis import get_redis_connection
from pytest_django import Settings
from standardwebhooks import WebhookVerificationError
from urllib3.util.connection import create_connection

from config.core import clock
from tests.conftest import Api, data_of
from tests.tryon.cleanup.world import clean
from tests.tryon.webhooks.conftest import Deliver
from tests.tryon.webhooks.receiver import Answer, Receiver
from tryon import tasks
from tryon.engine import queue
from tryon.webhooks import posting
from tryon.webhooks.models import State, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tryon.webhooks.schedule import PAUSES
from tryon.webhooks.services import ping

pytestmark = pytest.mark.django_db(transaction=True)

HOURS = 75


@pytest.fixture
def sent(endpoint: dict[str, Any]) -> WebhookEndpoint:
    """The endpoint, with a test on its way."""
    row = WebhookEndpoint.objects.get(pk=endpoint["id"])
    ping(row)
    return row


def last() -> WebhookAttempt:
    return WebhookAttempt.objects.order_by("-pk")[0]


def test_the_official_library_takes_what_is_sent(
    sent: WebhookEndpoint, endpoint: dict[str, Any], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # no proxy is asked
    tasks.deliver_webhooks()
    [got] = receiver.got
    body = got.verified(endpoint["secret"])
    assert body["type"] == "ping"
    assert body["livemode"] is True
    assert body["data"] == {"endpointId": endpoint["id"]}
    assert {"type", "timestamp", "livemode", "data"} == body.keys()
    assert got.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        type(got)(got.headers, got.body + b" ").verified(endpoint["secret"])
    row = WebhookDelivery.objects.get()
    assert (row.state, row.attempts, row.next_at, row.lease) == (State.DELIVERED, 1, None, None)
    assert (last().status, last().problem) == (204, "")


def test_both_secrets_sign_while_one_is_rotated(
    owner: Api, sent: WebhookEndpoint, endpoint: dict[str, Any], receiver: Receiver, deliver: Deliver
) -> None:
    new = data_of(owner.patch(f"webhook-endpoints/{sent.pk}", {"rotateSecret": True}))["secret"]
    deliver()
    for secret in (new, endpoint["secret"]):
        receiver.got[0].verified(secret)
    WebhookEndpoint.objects.update(old_secret_until=clock.now())
    ping(sent)
    deliver()
    receiver.got[1].verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.got[1].verified(endpoint["secret"])


def test_ten_attempts_in_75_hours_then_it_is_given_up_and_a_person_sends_it_again(
    sent: WebhookEndpoint, receiver: Receiver, deliver: Deliver, manager: Api
) -> None:
    receiver.answer = Answer(500, body=b"Our fault. " * 1000)
    for _ in range(12):
        deliver()
    log = list(WebhookAttempt.objects.all())
    assert len(log) == len(receiver.got) == 10
    assert {got.id for got in receiver.got} == {receiver.got[0].id}
    assert {got.body for got in receiver.got} == {receiver.got[0].body}
    pauses = [(row.next_at - row.at).total_seconds() for row in log[:-1] if row.next_at]
    shares = [pause / due for due, pause in zip(PAUSES, pauses, strict=True)]
    assert all(0.899 <= share <= 1.101 for share in shares)
    assert any(abs(share - 1) > 0.005 for share in shares)  # what failed together does not come together
    assert sum(PAUSES) // 3600 == HOURS
    assert (log[0].answer, log[0].problem) == (("Our fault. " * 1000)[:2048], "status")
    assert (log[-1].next_at, WebhookDelivery.objects.get().state) == (None, State.FAILED)
    told = data_of(manager.get("stats"))["webhooks"]
    assert told["attempts"] == {"delivered": 0, "retried": 9, "failed": 1}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_an_answer_that_asks_for_time_gets_it(
    sent: WebhookEndpoint, receiver: Receiver, status: int, as_date: bool
) -> None:
    at = clock.now() + timedelta(hours=1)
    wish = format_datetime(at, usegmt=True) if as_date else "3600"
    receiver.answer = Answer(status, {"Retry-After": wish})
    tasks.deliver_webhooks()
    next_at = WebhookDelivery.objects.get().next_at
    assert next_at is not None
    assert abs((next_at - at).total_seconds()) < 60


def test_a_redirect_is_a_failure_and_leads_nowhere(sent: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.answer = Answer(302, {"Location": f"http://{receiver.place}/elsewhere"})
    tasks.deliver_webhooks()
    assert len(receiver.got) == 1
    assert (last().status, last().problem) == (302, "redirect")


@pytest.mark.parametrize(
    ("answer", "beginning"),
    [
        (Answer(302, {"Location": "/a", "Content-Encoding": "gzip"}, b"not packed"), "not packed"),
        (Answer(302, {"Location": "http://["}, b"Moved"), "Moved"),
        (Answer(200, {"Transfer-Encoding": "chunked"}, b"-1\r\n" + b"0" * 9000), "0" * 2048),
        (Answer(200, {"Transfer-Encoding": "chunked"}, b"-5\r\n" + b"0" * 9000), "0" * 2048),
        (Answer(503, {"Retry-After": "\xa0" * 9 + "5"}, b"Later"), "Later"),
        (Answer(503, {"Retry-After": "Mon, 01 Jan 99999999999999 00:00:00 GMT"}, b"Later"), "Later"),
    ],
    ids=["packed redirect", "no address", "chunk without an end", "no chunk", "no number", "no date"],
)
def test_an_answer_made_to_break_its_reader_is_an_attempt_with_its_beginning(
    sent: WebhookEndpoint, receiver: Receiver, answer: Answer, beginning: str
) -> None:
    receiver.answer = answer
    tasks.deliver_webhooks()
    assert (last().status, last().answer) == (answer.status, beginning)
    assert WebhookDelivery.objects.get().lease is None


def test_410_disables_the_endpoint_and_tells_operators(
    owner: Api, sent: WebhookEndpoint, receiver: Receiver, deliver: Deliver
) -> None:
    receiver.answer = Answer(410)
    tasks.deliver_webhooks()
    one = f"webhook-endpoints/{sent.pk}"
    shown = data_of(owner.get(one))
    assert (shown["isActive"], shown["disabledReason"]) == (False, "gone")
    assert WebhookDelivery.objects.get().state == State.FAILED
    ping(sent)
    deliver()
    assert len(receiver.got) == 1  # nothing goes to a disabled one

    receiver.answer = Answer()
    shown = data_of(owner.patch(one, {"isActive": True}))
    assert (shown["isActive"], "disabledReason" in shown) == (True, False)
    deliver()
    assert len(receiver.got) == 2  # what has waited


def a_day_later() -> None:
    row, day = WebhookEndpoint.objects.get(), timedelta(days=1)
    assert row.failing_since is not None
    assert row.bad_day is not None
    WebhookEndpoint.objects.update(failing_since=row.failing_since - day, bad_day=row.bad_day - day)


def test_five_bad_days_disable_the_endpoint(
    sent: WebhookEndpoint, receiver: Receiver, deliver: Deliver
) -> None:
    receiver.answer = Answer(500)
    for _ in range(5):
        deliver()
        a_day_later()
        assert WebhookEndpoint.objects.get().is_active
    deliver()
    row = WebhookEndpoint.objects.get()
    assert (row.is_active, row.trouble) == (False, "failing")


def test_bad_hours_and_bad_days_with_a_success_between_disable_nothing(
    sent: WebhookEndpoint, receiver: Receiver, deliver: Deliver
) -> None:
    receiver.answer = Answer(500)
    deliver()
    deliver()  # a second failure on a day counts no other day
    assert WebhookEndpoint.objects.get().bad_days == 1
    WebhookEndpoint.objects.update(failing_since=clock.now() - timedelta(days=7))
    deliver()  # after a quiet week
    assert WebhookEndpoint.objects.get().is_active
    WebhookEndpoint.objects.update(failing_since=clock.now())
    for _ in range(4):
        a_day_later()
        deliver()
    receiver.answer = Answer()
    deliver()
    row = WebhookEndpoint.objects.get()
    assert (row.failing_since, row.bad_days, row.is_active) == (None, 0, True)


@pytest.mark.parametrize("found", ["127.0.0.1", "::127.0.0.1", "fec0::1"])
def test_a_name_that_leads_into_a_private_network_is_not_called(
    sent: WebhookEndpoint,
    receiver: Receiver,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    found: str,
) -> None:
    settings.WEBHOOK_HOSTS = []
    place = (AF_INET6 if ":" in found else AF_INET, SOCK_STREAM, 0, "", (found, receiver.server_port))
    monkeypatch.setattr("requests_hardened.ip_filter.socket.getaddrinfo", lambda *_, **__: [place])
    tasks.deliver_webhooks()
    assert receiver.got == []
    assert last().problem == "private_address"


def test_a_server_that_sends_its_head_byte_by_byte_is_cut_off(
    sent: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.1)
    receiver.answer = Answer(slow=lambda: receiver.closed.wait(5))
    tasks.deliver_webhooks()
    receiver.closed.set()
    assert (last().status, last().problem) == (None, "timeout")


def test_a_connection_that_opens_at_the_deadline_is_cut_off_too(
    sent: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_late, connect, cut = Event(), create_connection, posting.Deadline._cut

    def connect_late(*args: Any, **kwargs: Any) -> Any:
        is_late.wait(5)
        return connect(*args, **kwargs)

    def cut_once(deadline: posting.Deadline) -> None:
        cut(deadline)
        is_late.set()

    monkeypatch.setattr(posting, "SECONDS", 0.05)
    monkeypatch.setattr(posting.Deadline, "_cut", cut_once)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect_late)
    receiver.answer = Answer(slow=lambda: receiver.closed.wait(5))
    tasks.deliver_webhooks()
    receiver.closed.set()
    assert (last().status, last().problem) == (None, "timeout")


def test_nothing_is_sent_once_the_lookup_of_the_name_has_taken_all_the_time(
    sent: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.0)
    tasks.deliver_webhooks()
    assert (receiver.got, last().problem) == ([], "timeout")


def test_a_connection_that_fails_is_an_attempt(sent: WebhookEndpoint, receiver: Receiver) -> None:
    receiver.answer = Answer(is_lost=True)
    tasks.deliver_webhooks()
    assert (last().status, last().problem) == (None, "connection")
    assert WebhookDelivery.objects.get().state == State.PENDING


def test_a_killed_worker_costs_a_lease_and_no_event(
    sent: WebhookEndpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The end of the process."""

    def die() -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("tryon.webhooks.lanes.send", lambda claimed: die())
        with pytest.raises(Killed):
            tasks.deliver_webhooks()
    tasks.deliver_webhooks()
    assert receiver.got == []  # another worker holds it still
    WebhookDelivery.objects.update(lease_until=clock.now())
    get_redis_connection("default").flushdb()
    tasks.sweep()
    called = [job.func_name for job in queue._queue(queue.STEPS).jobs]
    assert "tryon.tasks.deliver_webhooks" in called
    tasks.deliver_webhooks()
    assert len(receiver.got) == 1


def test_an_endpoint_has_few_deliveries_under_way_and_one_while_it_fails(
    sent: WebhookEndpoint, receiver: Receiver
) -> None:
    for _ in range(5):
        ping(sent)
    soon = clock.now() + timedelta(minutes=1)
    some = WebhookDelivery.objects.values("pk")
    WebhookDelivery.objects.filter(pk__in=some[:4]).update(lease_until=soon)
    tasks.deliver_webhooks()
    assert receiver.got == []
    WebhookDelivery.objects.filter(pk__in=some[:3]).update(lease_until=None)
    WebhookEndpoint.objects.update(failing_since=clock.now())
    tasks.deliver_webhooks()
    assert receiver.got == []


def test_an_endpoint_that_is_removed_takes_its_log_along(
    owner: Api, sent: WebhookEndpoint, deliver: Deliver
) -> None:
    deliver()
    assert owner.delete(f"webhook-endpoints/{sent.pk}").status_code == 204
    assert not WebhookDelivery.objects.exists()
    assert not WebhookAttempt.objects.exists()


def test_old_events_go_with_their_log(sent: WebhookEndpoint, deliver: Deliver) -> None:
    deliver()
    ping(sent)
    old = WebhookDelivery.objects.order_by("pk")[0].event_id
    WebhookEvent.objects.filter(pk=old).update(created_at=clock.now() - timedelta(days=31))
    assert "1" in clean("old_webhook_events", dry_run=True)
    assert WebhookEvent.objects.count() == 2
    clean("old_webhook_events")
    assert WebhookEvent.objects.count() == WebhookDelivery.objects.count() == 1
    assert not WebhookAttempt.objects.exists()


def test_who_switches_a_disabled_endpoint_off_has_looked_after_it(owner: Api, sent: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(is_active=False, trouble="gone", disabled_at=clock.now())
    shown = data_of(owner.patch(f"webhook-endpoints/{sent.pk}", {"description": "Till"}))
    assert shown["disabledReason"] == "gone"
    shown = data_of(owner.patch(f"webhook-endpoints/{sent.pk}", {"isActive": False}))
    assert "disabledReason" not in shown
