"""Checks, limits, credits and states, over plain HTTP."""

from typing import Any

import pytest
import requests

from tests.waiting import LONGEST_SECONDS
from tryon.sandbox import Sandbox

from .conftest import finish, run, status


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "warp"},
        {"num_samples": 5},
        {"num_samples": True},
        {"seed": -1},
        {"seed": 2**32},
        {"return_base64": "yes"},
        {"model_image": ""},
        {"garment_image": None},
        {"model_image": 7},
    ],
)
def test_wrong_input_is_refused(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = run(sandbox, http, {**inputs, **change})
    assert (answer.status_code, answer.json()["error"]) == (400, "BadRequest")
    assert run(sandbox, http, inputs).status_code == 200


def test_wrong_input_can_fail_at_run_time(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    sandbox.configure(inputFaultsAtRuntime=True)
    assert finish(sandbox, http, {**inputs, "mode": "warp"})["error"]["name"] == "InputValidationError"


def test_unknown_field_is_ignored_until_switched(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    extra = {**inputs, "guidance_scale": 2}
    assert run(sandbox, http, extra).status_code == 200
    sandbox.configure(rejectUnknownFields=True)
    assert run(sandbox, http, extra).status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model_name": "tryon-v9", "inputs": {}}'])
def test_malformed_body_is_refused(sandbox: Sandbox, http: requests.Session, body: bytes) -> None:
    answer = http.post(f"{sandbox.url}/v1/run", data=body, timeout=LONGEST_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (400, "BadRequest")


def test_oversized_request_answers_500(sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.url}/v1/run", data=b"x" * 13_000_000, timeout=LONGEST_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (500, "InternalServerError")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/cancel/x"),
        ("GET", "/v1/run"),
        ("GET", "/"),
        ("PUT", "/v1/credits"),
        ("GET", "/v1/status/x"),
    ],
)
def test_unknown_address_answers_404(
    sandbox: Sandbox, http: requests.Session, method: str, path: str
) -> None:
    answer = http.request(method, sandbox.url + path, timeout=LONGEST_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (404, "NotFound")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/run"), ("GET", "/v1/status/x"), ("GET", "/v1/credits")]
)
def test_every_endpoint_asks_for_key(sandbox: Sandbox, method: str, path: str) -> None:
    answer = requests.request(method, sandbox.url + path, timeout=LONGEST_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (401, "UnauthorizedAccess")


def test_ids_are_not_always_uuids(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    ids = [run(sandbox, http, inputs).json()["id"] for _ in range(4)]
    assert [one.endswith("-u1") for one in ids] == [False, True, False, True]
    assert len(set(ids)) == 4


def test_seventh_prediction_waits_for_free_slot(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    assert [run(sandbox, http, inputs).status_code for _ in range(6)] == [200] * 6
    refused = run(sandbox, http, inputs)
    assert (refused.status_code, refused.json()["error"]) == (429, "ConcurrencyLimitExceeded")
    assert "Retry-After" not in refused.headers
    sandbox.advance(20)
    assert run(sandbox, http, inputs).status_code == 200
    ledger = sandbox.ledger()
    assert ledger["peakInFlight"] == 6
    assert ledger["refusals"] == {"run": {"ConcurrencyLimitExceeded": 1}}
    assert ledger["limitsExceeded"] == {"ConcurrencyLimitExceeded": 1}


@pytest.mark.parametrize(("path", "limit", "window"), [("/v1/status/x", 50, 10), ("/v1/credits", 30, 10)])
def test_rate_window_slides(
    sandbox: Sandbox, http: requests.Session, path: str, limit: int, window: int
) -> None:
    sandbox.configure(retryAfter=7)
    codes = {http.get(sandbox.url + path, timeout=LONGEST_SECONDS).status_code for _ in range(limit)}
    assert 429 not in codes
    refused = http.get(sandbox.url + path, timeout=LONGEST_SECONDS)
    assert (refused.status_code, refused.json()["error"]) == (429, "RateLimitExceeded")
    assert refused.headers["Retry-After"] == "7"
    sandbox.advance(window)
    assert http.get(sandbox.url + path, timeout=LONGEST_SECONDS).status_code != 429


def test_run_rate_counts_refused_bodies_too(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    assert {run(sandbox, http, {}).status_code for _ in range(50)} == {400}
    assert run(sandbox, http, inputs).json()["error"] == "RateLimitExceeded"
    sandbox.advance(60)
    assert run(sandbox, http, inputs).status_code == 200


def test_credits_are_charged_on_completion(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    sandbox.set_credits(1, 5)
    prediction_id = run(sandbox, http, {**inputs, "num_samples": 3}).json()["id"]
    assert "x-fashn-credits-used" not in status(sandbox, http, prediction_id).headers
    assert sandbox.credits()["total"] == 6
    sandbox.advance(60)
    assert status(sandbox, http, prediction_id).headers["x-fashn-credits-used"] == "3"
    balance = http.get(f"{sandbox.url}/v1/credits", timeout=LONGEST_SECONDS).json()
    assert balance == {"credits": {"total": 3, "subscription": 0, "on_demand": 3}}


def test_failed_prediction_is_free(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    before = sandbox.credits()
    assert finish(sandbox, http, {**inputs, "seed": 424201})["status"] == "failed"
    assert sandbox.credits() == before


def test_credits_of_running_predictions_are_reserved(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    sandbox.set_credits(2)
    assert [run(sandbox, http, inputs).status_code for _ in range(2)] == [200, 200]
    refused = run(sandbox, http, inputs)
    assert (refused.status_code, refused.json()["error"]) == (429, "OutOfCredits")
    sandbox.set_credits(3)
    assert run(sandbox, http, inputs).status_code == 200


def test_equal_requests_are_billed_separately(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    ids = {run(sandbox, http, inputs).json()["id"] for _ in range(2)}
    sandbox.advance(60)
    assert {entry["id"] for entry in sandbox.ledger()["predictions"]} == ids
    assert [entry["credits"] for entry in sandbox.ledger()["predictions"]] == [1, 1]


def test_unfinished_and_failed_answers_have_no_output(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    prediction_id = run(sandbox, http, {**inputs, "seed": 424203}).json()["id"]
    assert not status(sandbox, http, prediction_id).json().get("output")
    sandbox.advance(60)
    answer = status(sandbox, http, prediction_id).json()
    assert answer.keys() == {"id", "status", "error"}
    assert answer["error"]["name"] == "PoseError"


def test_id_is_forgotten_in_the_end(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    prediction_id = finish(sandbox, http, inputs)["id"]
    sandbox.advance(719 * 3600)
    assert status(sandbox, http, prediction_id).status_code == 200
    sandbox.advance(3600)
    assert status(sandbox, http, prediction_id).status_code == 404


def test_log_keeps_no_key_and_no_picture(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    run(sandbox, http, inputs)
    entry = sandbox.ledger()["log"][0]
    assert "authorization" not in entry["headers"]
    assert entry["body"]["inputs"]["model_image"] == "<base64>"
    assert sandbox.api_key not in str(sandbox.ledger())


def test_a_sandbox_that_starts_again_gives_new_ids(inputs: dict[str, Any]) -> None:
    """A shop remembers the ids of the sandbox before."""
    given = []
    for _ in range(2):
        with Sandbox() as running, requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {running.api_key}"
            given += [run(running, session, inputs).json()["id"] for _ in range(2)]
    assert len(set(given)) == 4
    assert [provider_id.endswith("-u1") for provider_id in given] == [False, True, False, True]
