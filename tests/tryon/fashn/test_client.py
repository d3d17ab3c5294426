"""The client against a scripted server: what a run sends, and what each answer means for the money."""

import pytest
import requests

from tests.tryon.fashn.calls import INPUTS, KEY, STARTED, client_for, failed_read, failed_run
from tests.tryon.fashn.loopback import Loopback, Step, answer, broken_off
from tryon.fashn.client import FashnClient
from tryon.fashn.errors import (
    BadRequest,
    ConcurrencyLimited,
    FashnError,
    NotFound,
    OutOfCredits,
    RateLimited,
    ServerError,
    Unauthorized,
    UnexpectedAnswer,
)

HTML = b"<html><body><h1>Bad gateway</h1></body></html>"


# --- run: the request and its answer


def test_run_posts_once_and_returns_the_opaque_id(server: Loopback, client: FashnClient) -> None:
    server.answers(STARTED)

    assert client.run("tryon-v1.6", INPUTS) == "3f0c9a52-u1"

    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/v1/run")
    assert seen.json == {"model_name": "tryon-v1.6", "inputs": INPUTS}
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.headers["Content-Type"] == "application/json"


def test_webhook_url_travels_percent_encoded_in_the_query(server: Loopback, client: FashnClient) -> None:
    server.answers(STARTED)

    client.run("tryon-v1.6", INPUTS, webhook_url="https://shop.test/hook?t=a b&u=1")

    assert server.seen[0].path == "/v1/run?webhook_url=https%3A%2F%2Fshop.test%2Fhook%3Ft%3Da+b%26u%3D1"


@pytest.mark.usefixtures("netrc")
def test_netrc_never_replaces_the_key(server: Loopback) -> None:
    server.answers(STARTED)
    session = requests.Session()
    client = FashnClient(api_key=KEY, base_url=server.url, session=session)
    session.trust_env = True  # as it is for every address but loopback

    client.run("tryon-v1.6", INPUTS)

    assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"


def test_loopback_sandbox_is_reached_past_a_configured_proxy(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers(STARTED)

    assert client_for(server.url).run("tryon-v1.6", INPUTS) == "3f0c9a52-u1"


def test_id_beside_an_error_text_is_still_an_id(server: Loopback, client: FashnClient) -> None:
    server.answers(answer({"id": "abc", "error": "slow start"}))

    assert client.run("tryon-v1.6", INPUTS) == "abc"


def test_two_hundred_that_says_it_failed_to_start_cost_nothing(server: Loopback, client: FashnClient) -> None:
    server.answers(answer({"id": None, "error": "failed to start"}))

    error = failed_run(client)

    assert isinstance(error, UnexpectedAnswer)
    assert not error.may_have_run


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(answer({"error": None}), id="no id"),
        pytest.param(answer({"id": "", "error": None}), id="empty id"),
        pytest.param(answer({"id": 17, "error": "odd"}), id="id is a number"),
        pytest.param(answer({"id": "..", "error": None}), id="id would climb the path"),
        pytest.param(answer({"id": "x" * 201, "error": None}), id="id too long to keep"),
        pytest.param(answer(["abc"]), id="a list"),
        pytest.param(answer(HTML), id="HTML"),
        pytest.param(answer(b"[" * 60_000), id="nested beyond the parser"),
        pytest.param(answer(b"\xff\xfe\xff"), id="not text"),
        pytest.param(answer(b" " * 70_000), id="too large"),
        pytest.param(answer(HTML, status=303, headers={"Location": "/done"}), id="see other"),
    ],
)
def test_accepted_run_without_a_usable_id_may_have_been_paid(
    server: Loopback, client: FashnClient, step: Step
) -> None:
    server.answers(step)

    error = failed_run(client)

    assert isinstance(error, UnexpectedAnswer)
    assert error.may_have_run
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location", ["/elsewhere", "http://["])
def test_redirected_run_is_not_followed(
    server: Loopback, client: FashnClient, status: int, location: str
) -> None:
    server.answers(answer(HTML, status=status, headers={"Location": location}))

    error = failed_run(client)

    assert isinstance(error, UnexpectedAnswer)
    assert (error.http_status, error.may_have_run) == (status, False)
    assert len(server.seen) == 1


# --- answered errors


def flat_error(status: int, name: str, **headers: str) -> Step:
    return answer({"error": name, "message": "for people"}, status=status, headers=headers)


@pytest.mark.parametrize(
    ("step", "kind", "code", "permanent"),
    [
        (flat_error(400, "BadRequest"), BadRequest, "provider_refused_request", True),
        (flat_error(422, "BadRequest"), BadRequest, "provider_refused_request", True),
        (answer(HTML, status=413), BadRequest, "provider_refused_request", True),
        (flat_error(401, "UnauthorizedAccess"), Unauthorized, "provider_unauthorized", False),
        (flat_error(402, "PaymentRequired"), OutOfCredits, "provider_out_of_credits", False),
        (flat_error(404, "NotFound"), NotFound, "provider_not_found", True),
        (flat_error(408, "Timeout"), ServerError, "provider_server_error", False),
        (flat_error(429, "RateLimitExceeded"), RateLimited, "provider_rate_limited", False),
        (
            flat_error(429, "ConcurrencyLimitExceeded"),
            ConcurrencyLimited,
            "provider_concurrency_limited",
            False,
        ),
        (flat_error(429, "OutOfCredits"), OutOfCredits, "provider_out_of_credits", False),
        (flat_error(429, "SomethingNew"), RateLimited, "provider_rate_limited", False),
        (answer(HTML, status=429), RateLimited, "provider_rate_limited", False),
        (flat_error(500, "InternalServerError"), ServerError, "provider_server_error", False),
        (answer(HTML, status=500), ServerError, "provider_server_error", False),
        (answer(HTML, status=503), ServerError, "provider_server_error", False),
        (flat_error(502, "InternalServerError"), ServerError, "provider_server_error", False),
    ],
)
def test_answered_refusal_of_a_run_is_typed_and_cost_nothing(
    server: Loopback, client: FashnClient, step: Step, kind: type[FashnError], code: str, permanent: bool
) -> None:
    server.answers(step)

    error = failed_run(client)

    assert type(error) is kind
    assert (error.code, error.permanent, error.may_have_run) == (code, permanent, False)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [502, 504, 520, 524])
@pytest.mark.parametrize("body", [HTML, b"", b'{"error": "Bad gateway"}', b'{"error": {"code": 502}}'])
def test_gateway_page_may_hide_an_accepted_run(
    server: Loopback, client: FashnClient, status: int, body: bytes
) -> None:
    server.answers(answer(body, status=status))

    error = failed_run(client)

    assert isinstance(error, ServerError)
    assert (error.http_status, error.provider_error, error.may_have_run) == (status, "", True)


def test_gateway_page_to_a_read_costs_nothing(server: Loopback, client: FashnClient) -> None:
    server.answers(answer(HTML, status=502))

    error = failed_read(client)

    assert isinstance(error, ServerError)
    assert not error.may_have_run
    assert len(server.seen) == 1


def test_error_name_and_http_status_are_kept(server: Loopback, client: FashnClient) -> None:
    server.answers(flat_error(500, "InternalServerError"))

    error = failed_run(client)

    assert (error.http_status, error.provider_error) == (500, "InternalServerError")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0.5", None),  # RFC 9110: digits only
        ("-3", None),
        ("999999", 600.0),
        ("Fri, 31 Dec 2100 23:59:59 GMT", 600.0),
        ("Fri, 31 Dec 2100 23:59:59 -0000", 600.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("nan", None),
        ("soon", None),
        ("Fri, 31 Dec 2100 23:59:59 +99999999999999999999", 0.0),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
        ("9" * 5000, None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(
    server: Loopback, client: FashnClient, header: str, seconds: float | None
) -> None:
    server.answers(flat_error(429, "RateLimitExceeded", **{"Retry-After": header}))

    assert failed_run(client).retry_after == seconds


@pytest.mark.parametrize(
    "step", [broken_off(b'{"error": "OutOf', status=429), answer(b" " * 70_000, status=429)]
)
def test_refusal_with_an_unreadable_body_keeps_its_status(
    server: Loopback, client: FashnClient, step: Step
) -> None:
    server.answers(step)

    error = failed_run(client)

    assert isinstance(error, RateLimited)
    assert (error.http_status, error.provider_error) == (429, "")


# --- construction


@pytest.mark.parametrize(
    "base_url", ["api.fashn.ai", "ftp://api.fashn.ai", "https://", "https://a.test/?x=1"]
)
def test_base_url_must_be_a_web_address(base_url: str) -> None:
    with pytest.raises(ValueError, match=r"https://api\.fashn\.ai"):
        client_for(base_url)


@pytest.mark.parametrize("key", ["fa-1 ", "fa-1\nX-Other: 1", "fa-\u00e9"])
def test_key_that_cannot_stand_in_a_header_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="API key") as caught:
        FashnClient(api_key=key)

    assert "fa-" not in str(caught.value)
