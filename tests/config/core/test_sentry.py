"""Sentry gets the names and the code of faults, nothing of people, and a check-in of each sweep."""

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

import pytest
import sentry_sdk
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from config.core.sentry import MONITOR, configure_sentry, flush
from tests.serving import serving
from tests.waiting import LONGEST_SECONDS
from tryon import tasks

logger = structlog.stdlib.get_logger(__name__)

SECRETS = ("mina@shop.example", "shopper:ada", "SKU-OF-ADA", "10.1.2.3")


class Receiver(ThreadingHTTPServer):
    """Takes envelopes as Sentry does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Envelope)
        self.items: list[Any] = []
        self.text = ""


class _Envelope(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.text += body.decode()
        self.server.items += [json.loads(line) for line in body.splitlines() if line]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    @override
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def sentry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr("config.core.sentry.FLUSH_SECONDS", LONGEST_SECONDS)
    with serving(Receiver()) as server:
        configure_sentry(f"http://key@127.0.0.1:{server.server_port}/1", environment="tests")
        yield server
        sentry_sdk.get_client().close(timeout=0)
        sentry_sdk.get_global_scope().set_client(None)


def events(sentry: Receiver) -> list[Any]:
    flush()
    return [item for item in sentry.items if "level" in item]


def test_a_line_of_the_log_is_told_by_its_name_alone(sentry: Receiver) -> None:
    with structlog.contextvars.bound_contextvars(request_id="4bf92f3577b34da6", shopper="shopper:ada"):
        logger.error("storage_filling", person="mina@shop.example", place="10.1.2.3")
        logger.warning("email_not_sent", person="mina@shop.example")
    [event] = events(sentry)
    assert event["logentry"] == {"message": "storage_filling"}
    assert event["tags"] == {"request_id": "4bf92f3577b34da6"}
    assert event["environment"] == "tests"
    assert [secret for secret in SECRETS if secret in sentry.text] == []


def test_an_exception_is_told_by_its_code(sentry: Receiver) -> None:
    email, _shopper, product, _address = SECRETS
    try:
        raise ValueError(f"{email} is not an address of {product}")
    except ValueError:
        logger.exception("collecting_broke", person=email)
    [event] = events(sentry)
    [exception] = event["exception"]["values"]
    assert exception["type"] == "ValueError"
    assert exception["stacktrace"]["frames"][-1]["function"] == "test_an_exception_is_told_by_its_code"
    assert [secret for secret in SECRETS if secret in sentry.text] == []


@pytest.mark.django_db
def test_a_page_that_fails_tells_not_of_its_caller(sentry: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError(SECRETS[1])

    monkeypatch.setattr("django.contrib.auth.views.LoginView.dispatch", fail)
    client = Client(raise_request_exception=False, REMOTE_ADDR="10.1.2.3")
    client.cookies["sessionid"] = "cookie-of-mina@shop.example"
    assert client.post("/admin/login/?next=SKU-OF-ADA", {"username": "mina@shop.example"}).status_code == 500
    found = [event for event in events(sentry) if "exception" in event]
    assert {event["exception"]["values"][-1]["type"] for event in found} == {"RuntimeError"}
    assert [secret for secret in SECRETS if secret in sentry.text] == []


@pytest.mark.django_db(transaction=True)
def test_a_sweep_checks_in(sentry: Receiver) -> None:
    tasks.sweep()
    flush()
    [check_in] = [item for item in sentry.items if "monitor_slug" in item]
    assert (check_in["monitor_slug"], check_in["status"]) == (MONITOR, "ok")
    assert check_in["monitor_config"]["schedule"] == {"type": "interval", "value": 1, "unit": "minute"}


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_fails_does_not_check_in(sentry: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ValueError

    monkeypatch.setattr("tryon.engine.recovery.sweep", fail)
    with pytest.raises(ValueError):  # noqa: PT011  (no text)
        tasks.sweep()
    flush()
    assert "monitor_slug" not in sentry.text


def test_without_an_address_nothing_is_sent_and_a_wrong_one_stops_the_start() -> None:
    configure_sentry("", environment="tests")
    assert not sentry_sdk.get_client().is_active()
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN"):
        configure_sentry("no address", environment="tests")
