"""Every fault that can be ordered, by seed, by header, and for the next calls."""

from typing import Any

import pytest
import requests

from tests.waiting import LONGEST_SECONDS, eventually
from tryon.sandbox import Refusal, Sandbox

from .conftest import finish, run, status

RUNTIME = {
    424201: "ContentModerationError",
    424202: "ImageLoadError",
    424203: "PoseError",
    424204: "InputValidationError",
    424205: "ThirdPartyError",
    424206: "UnavailableError",
    424207: "PipelineError",
    424208: "3rdPartyProviderError",
    424209: "InternalServerError",
    424210: "FabricTooShinyError",
}


@pytest.mark.parametrize(("seed", "name"), RUNTIME.items())
def test_seed_orders_runtime_error(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], seed: int, name: str
) -> None:
    answer = finish(sandbox, http, {**inputs, "seed": seed})
    assert answer["status"] == "failed"
    assert answer["error"]["name"] == name
    assert answer["error"]["message"]


@pytest.mark.parametrize(
    ("seed", "state"),
    [(424211, "canceled"), (424212, "time_out"), (424213, "rehearsing"), (424214, "processing")],
)
def test_seed_orders_unusual_state(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], seed: int, state: str
) -> None:
    assert finish(sandbox, http, {**inputs, "seed": seed})["status"] == state


def test_fail_once_works_on_second_try(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    tries = [finish(sandbox, http, {**inputs, "seed": 424215})["status"] for _ in range(2)]
    assert tries == ["failed", "completed"]


@pytest.mark.parametrize(
    ("seed", "code", "name"),
    [
        (424220, 429, "RateLimitExceeded"),
        (424221, 429, "ConcurrencyLimitExceeded"),
        (424222, 429, "OutOfCredits"),
        (424223, 500, "InternalServerError"),
        (424231, 400, "BadRequest"),
        (424232, 401, "UnauthorizedAccess"),
    ],
)
def test_seed_orders_refusal(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], seed: int, code: int, name: str
) -> None:
    answer = run(sandbox, http, {**inputs, "seed": seed})
    assert (answer.status_code, answer.json()["error"]) == (code, name)
    assert sandbox.ledger()["refusals"] == {"run": {name: 1}}
    assert sandbox.ledger()["limitsExceeded"] == {}


@pytest.mark.parametrize(("seed", "code"), [(424224, 502), (424225, 503)])
def test_gateway_error_is_a_web_page(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], seed: int, code: int
) -> None:
    answer = run(sandbox, http, {**inputs, "seed": seed})
    assert answer.status_code == code
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("seed", "jobs"), [(424227, 0), (424228, 1)])
def test_reset_before_makes_no_job_and_reset_after_makes_one(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], seed: int, jobs: int
) -> None:
    with pytest.raises(requests.ConnectionError):
        run(sandbox, http, {**inputs, "seed": seed})
    assert len(sandbox.ledger()["predictions"]) == jobs


def test_hang_comes_after_the_job(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    body = {"model_name": "tryon-v1.6", "inputs": {**inputs, "seed": 424226}}
    with pytest.raises(requests.ReadTimeout):
        http.post(f"{sandbox.url}/v1/run", json=body, timeout=0.3)
    assert eventually(lambda: len(sandbox.ledger()["predictions"])) == 1


def test_slow_body_comes_after_the_job(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    with run(sandbox, http, {**inputs, "seed": 424229}, stream=True) as answer:
        assert 0 < len(answer.raw.read1()) < int(answer.headers["Content-Length"])
        assert len(sandbox.ledger()["predictions"]) == 1


def test_run_may_answer_without_id(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    answer = run(sandbox, http, {**inputs, "seed": 424230})
    assert (answer.status_code, answer.json()["id"]) == (200, None)
    assert sandbox.ledger()["predictions"] == []


def test_header_orders_fault(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    def with_header(fault: str) -> requests.Response:
        return run(sandbox, http, inputs, headers={"X-Sandbox-Fault": fault})

    assert with_header("OutOfCredits").json()["error"] == "OutOfCredits"
    assert with_header("no_such_fault").json()["error"] == "BadRequest"
    prediction_id = with_header("prediction:InternalServerError").json()["id"]
    sandbox.advance(60)
    assert status(sandbox, http, prediction_id).json()["error"]["name"] == "InternalServerError"
    page = http.get(
        f"{sandbox.url}/v1/credits", headers={"X-Sandbox-Fault": "bad_gateway"}, timeout=LONGEST_SECONDS
    )
    assert page.status_code == 502


def test_ordered_fault_strikes_given_number_of_times(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    order = {"endpoint": "status", "fault": "InternalServerError", "times": 2}
    http.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=LONGEST_SECONDS).raise_for_status()
    prediction_id = run(sandbox, http, inputs).json()["id"]
    assert [status(sandbox, http, prediction_id).status_code for _ in range(3)] == [500, 500, 200]


def test_ordered_fault_waits_for_its_model(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    sandbox.inject("prediction", "PipelineError", model="background-remove")
    assert finish(sandbox, http, inputs)["status"] == "completed"
    body = {"model_name": "background-remove", "inputs": {"image": inputs["garment_image"]}}
    prediction_id = http.post(f"{sandbox.url}/v1/run", json=body, timeout=LONGEST_SECONDS).json()["id"]
    sandbox.advance(60)
    assert status(sandbox, http, prediction_id).json()["error"]["name"] == "PipelineError"


def test_refused_run_uses_up_no_prediction_fault(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    sandbox.inject("prediction", "PipelineError")
    sandbox.configure(concurrency=0)
    assert run(sandbox, http, inputs).status_code == 429
    sandbox.configure(concurrency=1)
    assert finish(sandbox, http, inputs)["error"]["name"] == "PipelineError"


def test_ordered_faults_can_be_listed_and_cleared(sandbox: Sandbox, http: requests.Session) -> None:
    address = f"{sandbox.url}/_sandbox/faults"
    sandbox.inject("credits", "hang", seconds=3)
    listed = http.get(address, timeout=LONGEST_SECONDS).json()["faults"]
    assert [(fault["fault"], fault["seconds"]) for fault in listed] == [("hang", 3)]
    http.delete(address, timeout=LONGEST_SECONDS).raise_for_status()
    assert sandbox.faults() == []


@pytest.mark.parametrize(
    "order",
    [
        {"endpoint": "run", "fault": "duplicate"},
        {"endpoint": "nowhere", "fault": "hang"},
        {"endpoint": "run", "fault": "hang", "times": 0},
        {"endpoint": "run", "fault": "hang", "seconds": "long"},
        {"endpoint": "run", "fault": "hang", "model": 1},
    ],
)
def test_unknown_order_is_refused(sandbox: Sandbox, http: requests.Session, order: dict[str, Any]) -> None:
    answer = http.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=LONGEST_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (400, "BadRequest")
    assert sandbox.faults() == []


def test_order_in_code_names_what_is_known(sandbox: Sandbox) -> None:
    with pytest.raises(Refusal, match="BadRequest") as caught:
        sandbox.inject("webhook", "hang")
    assert "duplicate" in caught.value.message
