"""Endpoints and deliveries in the admin."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from config.core import clock
from config.people.models import AuditEntry
from config.shops.models import Shop
from tests.admin_pages import count_queries, page, run_action, sign_in
from tests.conftest import Api, data_of
from tests.factories import ShopFactory
from tests.tryon.webhooks.conftest import Deliver
from tests.tryon.webhooks.receiver import Answer, Receiver
from tryon import tasks
from tryon.alerts.models import Alert
from tryon.alerts.words import sentence_of
from tryon.webhooks.models import State, WebhookDelivery, WebhookEndpoint
from tryon.webhooks.services import ping

pytestmark = pytest.mark.django_db(transaction=True)

ENDPOINTS = "/admin/webhooks/webhookendpoint/"
DELIVERIES = "/admin/webhooks/webhookdelivery/"


def shown_secret(answer: str) -> str:
    found = re.search(r'<code class="studio-key">(whsec_[^<]+)</code>', answer)
    assert found is not None
    return found[1]


def test_a_person_makes_an_endpoint_tests_it_and_rotates_its_secret(
    staff: Client, owner: Api, receiver: Receiver
) -> None:
    shop = str(Shop.objects.get(name="Owner").pk)
    form = {"shop": shop, "url": receiver.url, "events": ["job.failed"], "is_active": "on"}
    refused = staff.post(f"{ENDPOINTS}add/", {**form, "url": "http://10.0.0.1/"}).content.decode()
    assert "Send an https address" in refused
    assert "WEBHOOK_HOSTS" in refused
    secret = shown_secret(staff.post(f"{ENDPOINTS}add/", form).content.decode())
    row = WebhookEndpoint.objects.get()
    assert (row.events, data_of(owner.get("webhook-endpoints"))[0]["id"]) == (["job.failed"], str(row.pk))

    assert "1 test" in run_action(staff, ENDPOINTS, "send_test", [row.pk])
    tasks.deliver_webhooks()
    assert receiver.got[0].verified(secret)["type"] == "ping"
    new = shown_secret(run_action(staff, ENDPOINTS, "rotate_secret", [row.pk]))
    for path in (ENDPOINTS, f"{ENDPOINTS}{row.pk}/change/", f"{ENDPOINTS}{row.pk}/history/", "/admin/"):
        shown = page(staff, path)
        assert secret not in shown
        assert new not in shown
    assert staff.post(f"{ENDPOINTS}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not WebhookEndpoint.objects.exists()


def test_the_log_shows_each_attempt_and_one_is_delivered_again(
    staff: Client, endpoint: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answer = Answer(500, body=b"<b>Down</b>")
    event = ping(WebhookEndpoint.objects.get())
    tasks.deliver_webhooks()
    row = WebhookDelivery.objects.get()
    shown = page(staff, f"{DELIVERIES}{row.pk}/change/")
    assert "&lt;b&gt;Down&lt;/b&gt;" in shown
    assert "500" in shown
    assert f"msg_{event.pk.hex}" in shown
    assert str(row.pk) in page(staff, f"{DELIVERIES}?q=msg_{event.pk.hex}")
    assert "0 webhook deliveries" in page(staff, f"{DELIVERIES}?q=msg_nothing")

    receiver.answer = Answer()
    assert "1 delivery is tried again" in run_action(staff, DELIVERIES, "deliver_again", [row.pk])
    tasks.deliver_webhooks()
    assert WebhookDelivery.objects.get().state == State.DELIVERED
    assert {got.id for got in receiver.got} == {f"msg_{event.pk.hex}"}


def test_a_span_of_time_is_delivered_again(
    staff: Client, endpoint: dict[str, Any], receiver: Receiver, deliver: Deliver
) -> None:
    row = WebhookEndpoint.objects.get()
    for _ in range(3):
        ping(row)
    deliver()
    old, failed, _last = WebhookDelivery.objects.order_by("pk")
    WebhookDelivery.objects.filter(pk=old.pk).update(created_at=clock.now() - timedelta(days=2))
    WebhookDelivery.objects.filter(pk__in=[old.pk, failed.pk]).update(state=State.FAILED)
    asked = run_action(staff, ENDPOINTS, "deliver_again", [row.pk])
    assert 'type="datetime-local"' in asked

    def again(**fields: str) -> str:
        now = clock.now()
        span = {"since": now - timedelta(hours=2), "until": now + timedelta(hours=2)}
        sent = {name: at.strftime("%Y-%m-%dT%H:%M") for name, at in span.items()}
        return run_action(staff, ENDPOINTS, "deliver_again", [row.pk], **sent, **fields)

    assert "1 delivery is" in again(failed_only="on")
    tasks.deliver_webhooks()
    assert len(receiver.got) == 4
    assert "2 deliveries are" in again()
    tasks.deliver_webhooks()
    assert len(receiver.got) == 6


def test_operators_are_told_of_an_endpoint_that_the_service_has_disabled(
    staff: Client, endpoint: dict[str, Any], receiver: Receiver
) -> None:
    receiver.answer = Answer(410)
    ping(WebhookEndpoint.objects.get())
    tasks.deliver_webhooks()
    tasks.alerts()
    [alert] = Alert.objects.filter(name="webhook_endpoint_disabled")
    assert sentence_of(alert) == (
        f"The shop Owner is not told of events at {receiver.place} any more. "
        "It answered 410: it wants no more."
    )
    assert "/admin/runbook/#webhook_endpoint_disabled" in page(staff, ENDPOINTS)
    assert mail.outbox == []


def test_lists_cost_the_same_however_long_they_are(
    staff: Client, endpoint: dict[str, Any], receiver: Receiver
) -> None:
    row = WebhookEndpoint.objects.get()
    ping(row)
    few = [count_queries(staff, path) for path in (ENDPOINTS, DELIVERIES)]
    for _ in range(5):
        ping(row)
        row.pk = None
        row._state.adding = True
        row.save()
    assert [count_queries(staff, path) for path in (ENDPOINTS, DELIVERIES)] == few


def test_who_only_looks_can_not_deliver_again(endpoint: dict[str, Any], receiver: Receiver) -> None:
    viewer = sign_in("webhooks.view_webhookdelivery", "webhooks.view_webhookendpoint")
    ping(WebhookEndpoint.objects.get())
    row = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(state=State.FAILED, next_at=None)
    run_action(viewer, DELIVERIES, "deliver_again", [row.pk])
    run_action(viewer, ENDPOINTS, "send_test", [row.endpoint_id])
    assert list(WebhookDelivery.objects.values_list("state", flat=True)) == ["failed"]


def test_the_audit_log_has_the_host_of_an_address_and_no_token_in_it(staff: Client) -> None:
    shop = ShopFactory.create()
    for token in ("T0KEN-1", "T0KEN-2"):
        filled = {
            "shop": shop.pk,
            "url": f"https://hooks.example:8443/{token}?key={token}",
            "is_active": "on",
        }
        row = WebhookEndpoint.objects.first()
        staff.post(f"{ENDPOINTS}{row.pk}/change/" if row else f"{ENDPOINTS}add/", filled)
    made, changed = (str(entry.changes) for entry in AuditEntry.objects.order_by("pk"))
    assert "hooks.example:8443/…" in made
    assert changed == "{'url': ['hooks.example:8443/…', 'hooks.example:8443/…']}"
    assert "T0KEN" not in made
