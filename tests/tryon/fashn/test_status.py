"""Reading predictions and the balance: FASHN's documented answers and the odd ones seen in the wild."""

import pytest

from tests.tryon.fashn.calls import failed_read
from tests.tryon.fashn.loopback import Loopback, answer
from tryon.fashn.client import FashnClient
from tryon.fashn.errors import FashnError, NotFound, UnexpectedAnswer
from tryon.fashn.types import Credits, Phase, PredictionFailure, PredictionStatus

URL = "https://media.fashn.ai/abc/output_0.png"


def read(server: Loopback, client: FashnClient, **payload: object) -> PredictionStatus:
    server.answers(answer({"id": "abc", **payload}))
    return client.status("abc")


def test_completed_prediction_brings_outputs_and_price(server: Loopback, client: FashnClient) -> None:
    server.answers(
        answer(
            {"id": "abc", "status": "completed", "output": [URL], "error": None},
            headers={"x-fashn-credits-used": "3"},
        )
    )

    assert client.status("abc") == PredictionStatus(
        provider_id="abc",
        status="completed",
        phase=Phase.SUCCEEDED,
        outputs=(URL,),
        error=None,
        credits_used=3,
    )


def test_id_is_encoded_in_the_path(server: Loopback, client: FashnClient) -> None:
    server.answers(answer({"status": "processing"}))

    client.status("a/b?c=d e")

    assert server.seen[0].path == "/v1/status/a%2Fb%3Fc%3Dd%20e"
    assert server.seen[0].headers["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize("provider_id", ["", ".", "..", "x" * 201])
def test_text_that_is_no_id_is_never_asked_for(
    server: Loopback, client: FashnClient, provider_id: str
) -> None:
    with pytest.raises(ValueError, match="provider_id"):
        client.status(provider_id)

    assert server.seen == []


@pytest.mark.parametrize("status", ["starting", "in_queue", "processing", "warming_up", "COMPLETED?"])
def test_statuses_that_are_not_final_count_as_running(
    server: Loopback, client: FashnClient, status: str
) -> None:
    prediction = read(server, client, status=status, output=None, error=None)

    assert (prediction.phase, prediction.status) == (Phase.RUNNING, status)
    assert (prediction.outputs, prediction.error, prediction.credits_used) == ((), None, None)


@pytest.mark.parametrize(
    ("output", "outputs"),
    [
        ([URL, "data:image/png;base64,AAAA"], (URL, "data:image/png;base64,AAAA")),
        ({"images": [URL]}, (URL,)),
        (URL, (URL,)),
        (["<base64>_expired"], ("<base64>_expired",)),
        ([URL, None, 7, ""], (URL,)),
        ({"video": URL}, ()),
        ([], ()),
        (None, ()),
        (7, ()),
    ],
)
def test_outputs_are_read_in_every_known_form(
    server: Loopback, client: FashnClient, output: object, outputs: tuple[str, ...]
) -> None:
    assert read(server, client, status="completed", output=output).outputs == outputs


def test_missing_output_is_no_output(server: Loopback, client: FashnClient) -> None:
    prediction = read(server, client, status="completed")

    assert (prediction.phase, prediction.outputs) == (Phase.SUCCEEDED, ())


@pytest.mark.parametrize(("header", "used"), [("2", 2), (" 2 ", 2), ("", None), ("two", None), ("-1", None)])
def test_credits_header_is_optional(
    server: Loopback, client: FashnClient, header: str, used: int | None
) -> None:
    server.answers(answer({"status": "completed"}, headers={"x-fashn-credits-used": header}))

    assert client.status("abc").credits_used == used


@pytest.mark.parametrize(
    ("name", "code", "attempts"),
    [
        ("ImageLoadError", "image_not_loaded", 1),
        ("ContentModerationError", "content_refused", 0),
        ("PoseError", "pose_not_found", 0),
        ("InputValidationError", "input_refused", 0),
        ("ThirdPartyError", "third_party_failed", 2),
        ("3rdPartyProviderError", "third_party_failed", 2),
        ("UnavailableError", "provider_unavailable", 99),
        ("PipelineError", "provider_pipeline_error", 99),
        ("InternalServerError", "provider_internal_error", 2),
        ("LoRALoadError", "provider_unknown_error", 1),
    ],
)
def test_failure_says_what_to_do_next(
    server: Loopback, client: FashnClient, name: str, code: str, attempts: int
) -> None:
    prediction = read(server, client, status="failed", error={"name": name, "message": "for people"})

    assert prediction.phase is Phase.FAILED
    assert prediction.error == PredictionFailure(name=name, message="for people")
    assert (prediction.error.code, prediction.error.attempts) == (code, attempts)
    assert prediction.error.permanent is (attempts == 0)
    assert prediction.error.known is (name != "LoRALoadError")


@pytest.mark.parametrize(
    ("status", "error", "name", "message"),
    [
        ("failed", None, "failed", ""),
        ("failed", "PoseError", "PoseError", "PoseError"),
        ("failed", "no pose found", "", "no pose found"),
        ("failed", {"message": 7}, "", ""),
        ("failed", {"name": "odd name!", "message": "m"}, "", "m"),
        ("failed", ["PoseError"], "failed", ""),
        ("canceled", None, "canceled", ""),
        ("time_out", "", "time_out", ""),
    ],
)
def test_failed_prediction_always_has_a_failure(
    server: Loopback, client: FashnClient, status: str, error: object, name: str, message: str
) -> None:
    prediction = read(server, client, status=status, error=error)

    assert prediction.phase is Phase.FAILED
    assert prediction.error == PredictionFailure(name=name, message=message)


@pytest.mark.parametrize(
    ("status", "code"), [("canceled", "provider_canceled"), ("time_out", "provider_timed_out")]
)
def test_canceled_prediction_may_be_run_once_more(
    server: Loopback, client: FashnClient, status: str, code: str
) -> None:
    error = read(server, client, status=status).error

    assert error is not None
    assert (error.code, error.attempts) == (code, 1)


def test_failure_message_loses_addresses_pictures_and_excess(server: Loopback, client: FashnClient) -> None:
    message = (
        "Error loading https://s3.test/a?X-Signature=private, data:image/png;base64,private " + "x" * 999
    )

    error = read(server, client, status="failed", error={"name": "ImageLoadError", "message": message}).error

    assert error is not None
    assert error.message.startswith("Error loading [address] [address] xxx")
    assert len(error.message) == 500


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="a list"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param({"id": "abc"}, id="no status"),
        pytest.param({"id": "abc", "status": 3}, id="status is a number"),
        pytest.param({"id": "another", "status": "completed", "output": [URL]}, id="another prediction"),
    ],
)
def test_status_outside_the_protocol_is_an_unexpected_answer(
    server: Loopback, client: FashnClient, body: object
) -> None:
    server.answers(answer(body))

    with pytest.raises(UnexpectedAnswer) as caught:
        client.status("abc")

    assert not caught.value.may_have_run


def test_id_that_fashn_forgot_is_not_found(server: Loopback, client: FashnClient) -> None:
    server.answers(answer({"error": "NotFound", "message": "Prediction not found"}, status=404))

    with pytest.raises(FashnError) as caught:
        client.status("abc")

    assert isinstance(caught.value, NotFound)
    assert caught.value.permanent


def test_balance_is_read(server: Loopback, client: FashnClient) -> None:
    server.answers(answer({"credits": {"total": 234, "subscription": 100, "on_demand": 134}}))

    assert client.credits() == Credits(total=234, subscription=100, on_demand=134)
    assert server.seen[0].path == "/v1/credits"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"credits": 5},
        {"credits": {"total": 5}},
        {"credits": {"total": "5", "subscription": 0, "on_demand": 5}},
        {"credits": {"total": True, "subscription": 0, "on_demand": 5}},
    ],
)
def test_balance_of_another_shape_is_an_unexpected_answer(
    server: Loopback, client: FashnClient, body: object
) -> None:
    server.answers(answer(body))

    assert isinstance(failed_read(client), UnexpectedAnswer)
