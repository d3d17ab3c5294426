"""The official Python package of FASHN drives the sandbox."""

from collections.abc import Callable
from typing import Any

import fashn
import pytest
from fashn.types import PredictionRunResponse, PredictionSubscribeResponse

from tests.waiting import eventually
from tryon.sandbox import Sandbox


def start(client: fashn.Fashn, inputs: dict[str, Any], model: str = "tryon-v1.6") -> PredictionRunResponse:
    """Run through the SDK, past its types: they know only sound inputs."""
    run: Callable[..., PredictionRunResponse] = client.predictions.run
    return run(model_name=model, inputs=inputs)


def test_subscribe_returns_picture_urls_and_credits(inputs: dict[str, Any]) -> None:
    seen: list[str] = []
    with (
        Sandbox(speed=50) as fast,
        fashn.Fashn(api_key=fast.api_key, base_url=fast.url, max_retries=0) as client,
    ):
        subscribe: Callable[..., PredictionSubscribeResponse] = client.predictions.subscribe
        result = subscribe(
            model_name="tryon-v1.6",
            inputs={**inputs, "num_samples": 2},
            poll_interval=40,
            on_queue_update=lambda update: seen.append(update.status),
        )
    assert result.status == "completed"
    assert result.credits_used == 2
    assert isinstance(result.output, list)
    assert [url.rpartition("/")[2] for url in result.output] == ["output_0.png", "output_1.png"]
    assert seen[-1] == "completed"
    assert set(seen) <= {"starting", "in_queue", "processing", "completed"}


def test_run_and_status_follow_clock(sandbox: Sandbox, sdk: fashn.Fashn, inputs: dict[str, Any]) -> None:
    started = start(sdk, inputs)
    assert started.error is None
    first = sdk.predictions.status(started.id)
    assert first.status in {"starting", "in_queue", "processing"}
    assert first.output is None
    sandbox.advance(2)
    assert sdk.predictions.status(started.id).status == "processing"
    sandbox.advance(4)
    assert sdk.predictions.status(started.id).status == "completed"


def test_max_model_takes_its_own_field_names(
    sandbox: Sandbox, sdk: fashn.Fashn, inputs: dict[str, Any]
) -> None:
    own = {"model_image": inputs["model_image"], "product_image": inputs["garment_image"], "resolution": "2k"}
    started = start(sdk, own, "tryon-max")
    sandbox.advance(60)
    raw = sdk.predictions.with_raw_response.status(started.id)
    assert raw.parse().status == "completed"
    assert raw.headers["x-fashn-credits-used"] == "3"
    with pytest.raises(fashn.BadRequestError):
        start(sdk, inputs, "tryon-max")


@pytest.mark.parametrize(
    ("fault", "error", "name"),
    [
        ("BadRequest", fashn.BadRequestError, "BadRequest"),
        ("UnauthorizedAccess", fashn.AuthenticationError, "UnauthorizedAccess"),
        ("NotFound", fashn.NotFoundError, "NotFound"),
        ("RateLimitExceeded", fashn.RateLimitError, "RateLimitExceeded"),
        ("ConcurrencyLimitExceeded", fashn.RateLimitError, "ConcurrencyLimitExceeded"),
        ("OutOfCredits", fashn.RateLimitError, "OutOfCredits"),
        ("InternalServerError", fashn.InternalServerError, "InternalServerError"),
    ],
)
def test_each_refusal_raises_its_error_class(
    sandbox: Sandbox,
    sdk: fashn.Fashn,
    inputs: dict[str, Any],
    fault: str,
    error: type[fashn.APIStatusError],
    name: str,
) -> None:
    sandbox.inject("run", fault)
    with pytest.raises(error) as caught:
        start(sdk, inputs)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"] == name
    assert start(sdk, inputs).id


def test_wrong_key_is_refused(sandbox: Sandbox, inputs: dict[str, Any]) -> None:
    with (
        fashn.Fashn(api_key="fa-other", base_url=sandbox.url, max_retries=0) as client,
        pytest.raises(fashn.AuthenticationError),
    ):
        start(client, inputs)
    assert sandbox.ledger()["predictions"] == []


def test_lost_answer_makes_sdk_pay_twice(sandbox: Sandbox, inputs: dict[str, Any]) -> None:
    sandbox.inject("run", "reset_after")
    with fashn.Fashn(api_key=sandbox.api_key, base_url=sandbox.url, max_retries=1) as client:
        start(client, inputs)
    assert len(sandbox.ledger()["predictions"]) == 2


def test_hang_and_reset_raise_connection_errors(
    sandbox: Sandbox, sdk: fashn.Fashn, inputs: dict[str, Any]
) -> None:
    sandbox.inject("run", "hang")
    with pytest.raises(fashn.APITimeoutError):
        start(sdk.with_options(timeout=0.3), inputs)
    assert eventually(lambda: len(sandbox.ledger()["predictions"])) == 1
    sandbox.inject("run", "reset_before")
    with pytest.raises(fashn.APIConnectionError):
        start(sdk, inputs)
    assert len(sandbox.ledger()["predictions"]) == 1
