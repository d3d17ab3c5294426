"""The log of deliveries over the API."""

from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Api, data_of, error_of
from tests.tryon.webhooks.conftest import Deliver
from tests.tryon.webhooks.receiver import Answer, Receiver


@pytest.mark.django_db(transaction=True)
def test_the_log_is_read_and_a_delivery_is_sent_again_over_the_api(
    owner: Api, endpoint: dict[str, Any], receiver: Receiver, deliver: Deliver
) -> None:
    receiver.answer = Answer(410, body=b"Gone")
    first, second = (data_of(owner.post(f"webhook-endpoints/{endpoint['id']}/test")) for _ in range(2))
    deliver()
    log = f"webhook-endpoints/{endpoint['id']}/deliveries"
    [failed] = data_of(owner.get(log, state="failed"))
    [waits] = data_of(owner.get(log, state="pending"))
    assert {failed["id"], waits["id"]} == {first["id"], second["id"]}
    page = owner.get(log, pageSize=1).json()
    behind = owner.get(log, pageSize=1, after=page["meta"]["next"]).json()
    assert {page["data"][0]["id"], behind["data"][0]["id"]} == {first["id"], second["id"]}
    one = f"{log}/{failed['id']}"
    found = data_of(owner.get(one))
    assert [(got["status"], got["problem"], got["answer"]) for got in found.pop("log")] == [
        (410, "status", "Gone")
    ]
    assert found == failed == {**failed, "event": "ping", "attempts": 1, "nextAt": None}

    receiver.answer = Answer()
    again = data_of(owner.post(f"{one}/redeliver"))
    assert (again["state"], again["attempts"]) == ("pending", 0)
    owner.patch(f"webhook-endpoints/{endpoint['id']}", {"isActive": True})
    deliver()
    assert {got.id for got in receiver.got} == {f"msg_{UUID(one['id']).hex}" for one in (first, second)}
    assert [row["state"] for row in data_of(owner.get(log))] == ["delivered", "delivered"]
    refused = owner.get(f"{log}/{endpoint['id']}")
    assert (refused.status_code, error_of(refused)["code"]) == (404, "webhook_delivery_not_found")
