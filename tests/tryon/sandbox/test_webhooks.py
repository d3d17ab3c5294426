"""Webhooks: bodies, retries on the sandbox clock, and every disorder."""

import json
from typing import Any

import pytest
import requests

from tests.tryon.fashn.loopback import Loopback, answer
from tryon.sandbox import Sandbox

from .conftest import finish, run, status


def finish_with_hook(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback, query: str = ""
) -> dict[str, Any]:
    """Run with a webhook and return the status answer after its end."""
    return finish(sandbox, http, inputs, params={"webhook_url": f"{receiver.url}/hook{query}"})


def test_webhook_carries_the_status_answer(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    ended = finish_with_hook(sandbox, http, inputs, receiver, "?token=a%20b&x=1")
    [hook] = receiver.seen
    assert hook.path == "/hook?token=a%20b&x=1"
    assert hook.json == ended
    assert ended["status"] == "completed"


def test_failed_webhook_has_no_output(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    finish_with_hook(sandbox, http, {**inputs, "seed": 424201}, receiver)
    [hook] = receiver.seen
    assert json.loads(hook.body).keys() == {"id", "status", "error"}


def test_webhook_in_the_body_is_not_a_webhook(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    finish(sandbox, http, {**inputs, "webhook_url": receiver.url})
    assert receiver.seen == []
    finish_with_hook(sandbox, http, inputs, receiver)
    assert len(receiver.seen) == 1


def test_refused_webhook_is_tried_five_more_times(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    receiver.answers(answer(b"", status=500))
    finish_with_hook(sandbox, http, inputs, receiver)
    assert len(receiver.seen) == 1
    for _ in range(7):
        sandbox.advance(150)
    [delivery] = sandbox.ledger()["webhooks"]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500] * 6


def test_webhook_retry_stops_at_success(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    receiver.answers(answer(b"", status=503), answer(b""))
    finish_with_hook(sandbox, http, inputs, receiver)
    for _ in range(3):
        sandbox.advance(150)
    [delivery] = sandbox.ledger()["webhooks"]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [503, 200]


def test_unreachable_receiver_is_an_attempt_without_status(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    finish(sandbox, http, inputs, params={"webhook_url": "http://127.0.0.1:9/"})
    assert sandbox.ledger()["webhooks"][0]["attempts"][0]["status"] is None


@pytest.mark.parametrize(("seed", "count"), [(424250, 2), (424252, 0), (424253, 0)])
def test_webhook_may_come_twice_late_or_never(
    sandbox: Sandbox,
    http: requests.Session,
    inputs: dict[str, Any],
    receiver: Loopback,
    seed: int,
    count: int,
) -> None:
    finish_with_hook(sandbox, http, {**inputs, "seed": seed}, receiver)
    assert len(receiver.seen) == count
    sandbox.advance(120)
    assert len(receiver.seen) == (1 if seed == 424252 else count)


def test_webhook_may_overtake_the_run_response(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    sandbox.inject("webhook", "early")
    started = run(sandbox, http, inputs, params={"webhook_url": receiver.url}).json()
    [hook] = receiver.seen
    assert hook.json == status(sandbox, http, started["id"]).json()
    sandbox.advance(60)
    assert len(receiver.seen) == 1


def test_webhook_may_carry_base64(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    finish_with_hook(sandbox, http, {**inputs, "seed": 424254}, receiver)
    finish_with_hook(sandbox, http, {**inputs, "return_base64": True}, receiver)
    sandbox.configure(webhookBase64=False)
    finish_with_hook(sandbox, http, {**inputs, "return_base64": True}, receiver)
    starts = [json.loads(hook.body)["output"][0][:5] for hook in receiver.seen]
    assert starts == ["data:", "data:", "http:"]
