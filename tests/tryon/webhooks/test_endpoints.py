"""Endpoints over the API: a shop's server adds, changes and removes its own."""

from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from config.core.http.idempotency.models import IdempotencyKey
from tests.conftest import Api, data_of, error_of
from tests.tryon.webhooks.receiver import Receiver
from tryon.webhooks.models import WebhookEndpoint

pytestmark = pytest.mark.django_db

PATH = "webhook-endpoints"
URL = "https://shop.example/tryon"


def test_the_secret_is_shown_once_and_again_when_it_is_new(owner: Api) -> None:
    made = data_of(owner.post(PATH, {"url": URL, "events": ["job.failed", "job.failed"]}))
    one = f"{PATH}/{made['id']}"
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["job.failed"]
    [listed] = data_of(owner.get(PATH))
    assert listed == data_of(owner.get(one)) == {name: made[name] for name in made if name != "secret"}

    changed = data_of(owner.patch(one, {"events": [], "description": "Till"}))
    assert changed == {**listed, "events": [], "description": "Till"}
    rotated = data_of(owner.patch(one, {"rotateSecret": True}))
    assert rotated["secret"] not in ("", made["secret"])
    assert rotated["oldSecretUntil"] is not None

    assert owner.delete(one).status_code == 204
    assert data_of(owner.get(PATH)) == []


def test_a_repeated_request_makes_one_endpoint(owner: Api) -> None:
    def send() -> Any:
        return owner.client.post(
            f"/api/tryon/{PATH}",
            {"url": URL},
            content_type="application/json",
            headers={"Idempotency-Key": "a"},
        )

    made = data_of(send())
    assert data_of(send()) == made
    cut_off = {"status": None, "answer": "", "leased_until": clock.now()}
    IdempotencyKey.objects.update(**cut_off)  # after its row was stored
    assert data_of(send()) == made
    assert WebhookEndpoint.objects.count() == 1
    owner.delete(f"{PATH}/{made['id']}")
    assert not IdempotencyKey.objects.exists()  # the answer had the secret


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/tryon",
        "https://127.0.0.1/tryon",
        "https://[::1]/tryon",
        "https://10.0.0.1/tryon",
        "https://localhost/tryon",
        "https://me:secret@shop.example/",
        "ftp://shop.example/",
        "https://shop.example/#part",
        "shop.example",
        "http://127.0.0.1:99",
    ],
)
def test_an_address_that_no_delivery_would_go_to_is_refused(owner: Api, receiver: Receiver, url: str) -> None:
    answer = owner.post(PATH, {"url": url})
    assert (answer.status_code, error_of(answer)["code"]) == (422, "webhook_url_not_allowed")


def test_the_operator_may_allow_servers_of_the_own_network(owner: Api, settings: Settings) -> None:
    settings.WEBHOOK_HOSTS = ["erp.internal:8080", "till.internal:443"]
    for url in ("http://erp.internal:8080/a", "https://till.internal/b"):
        assert owner.post(PATH, {"url": url}).status_code == 201


def test_a_shop_has_ten_endpoints_at_most_and_its_test_keys_ten_of_their_own(owner: Api, tester: Api) -> None:
    for _ in range(10):
        data_of(owner.post(PATH, {"url": URL}))
    refused = error_of(owner.post(PATH, {"url": URL}))
    assert (refused["code"], refused["details"]) == ("too_many_webhook_endpoints", {"limit": 10})
    assert data_of(tester.post(PATH, {"url": URL}))["test"] is True
    assert len(data_of(owner.get(PATH))) == 10


def test_wrong_fields_are_refused_by_name(owner: Api) -> None:
    answer = owner.post(PATH, {"events": ["job.completed", "ping"], "secret": "whsec_mine", "isActive": "no"})
    assert set(error_of(answer)["details"]["fields"]) == {"url", "events.1", "secret", "isActive"}
