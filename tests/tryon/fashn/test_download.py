"""Fetching result pictures: what is let in, from where, and what each refusal is called."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.tryon.fashn.calls import refused_url
from tests.tryon.fashn.loopback import (
    Loopback,
    Step,
    answer,
    broken_off,
    chunked,
    closes,
    drips,
    hangs,
)
from tests.waiting import LONGEST_SECONDS
from tryon.fashn.download import download
from tryon.fashn.errors import (
    DownloadError,
    ResultExpired,
    ResultGone,
    ResultHostRefused,
    ResultNotAnImage,
    ResultTooLarge,
    ResultUnavailable,
)


def drawn(image_format: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 24), "teal").save(file, image_format)
    return file.getvalue()


PNG = drawn("PNG")


def picture(body: bytes = PNG, *, content_type: str = "image/png", status: int = 200) -> Step:
    return answer(body, status=status, headers={"Content-Type": content_type})


def redirect(location: str, status: int = 302) -> Step:
    return answer(b"moved", status=status, headers={"Location": location})


def fetch(
    server: Loopback,
    *steps: Step,
    max_bytes: int = 100_000,
    read_timeout: float = LONGEST_SECONDS,
    total_timeout: float = LONGEST_SECONDS,
) -> bytes:
    server.answers(*steps)
    return download(
        f"{server.url}/media/abc/output_0.png",
        allowed_hosts=[server.host],
        max_bytes=max_bytes,
        connect_timeout=LONGEST_SECONDS,
        read_timeout=read_timeout,
        total_timeout=total_timeout,
    )


def refused(server: Loopback, *steps: Step, **limits: Any) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        fetch(server, *steps, **limits)
    return caught.value


def data_uri(body: bytes, content_type: str = "image/png") -> str:
    return f"data:{content_type};base64,{base64.b64encode(body).decode()}"


# --- pictures


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP"])
def test_picture_comes_back_byte_for_byte(server: Loopback, image_format: str) -> None:
    body = drawn(image_format)

    assert fetch(server, picture(body, content_type=f"image/{image_format.lower()}")) == body


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(picture(content_type="application/octet-stream"), id="bytes"),
        pytest.param(picture(content_type="Binary/Octet-Stream"), id="bytes, as S3 says it"),
        pytest.param(picture(content_type="application/octet-stream; charset=binary"), id="with an option"),
        pytest.param(answer(PNG), id="no content type"),
    ],
)
def test_a_store_that_does_not_know_what_it_serves_is_believed_by_the_first_bytes(
    server: Loopback, step: Step
) -> None:
    assert fetch(server, step) == PNG


@pytest.mark.usefixtures("netrc")
def test_result_is_fetched_without_credentials_or_proxy(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    fetch(server, picture())

    assert "Authorization" not in server.seen[0].headers


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_inline_picture_is_decoded(image_format: str) -> None:
    body = drawn(image_format)
    uri = data_uri(body, f"image/{image_format.lower()}")

    assert download(uri, allowed_hosts=()) == body
    assert download(uri.replace("data:", "DATA:"), allowed_hosts=()) == body


def test_inline_picture_may_be_exactly_as_large_as_allowed() -> None:
    assert download(data_uri(PNG), allowed_hosts=(), max_bytes=len(PNG)) == PNG


def test_expired_inline_picture_is_named_so() -> None:
    error = refused_url("<base64>_expired")

    assert isinstance(error, ResultExpired)
    assert (error.code, error.permanent, error.lost) == ("result_expired", True, True)


@pytest.mark.parametrize(
    "uri",
    [
        data_uri(PNG, "text/html"),
        data_uri(b"<svg onload='x()'/>", "image/svg+xml"),
        "data:image/png,plain",
        "data:image/png;base64,%%%%",
        "data:image/png;base64,\u00e9\u00e9\u00e9\u00e9",
        "data:",
    ],
)
def test_inline_text_that_is_no_picture_is_refused(uri: str) -> None:
    assert isinstance(refused_url(uri), ResultNotAnImage)


@pytest.mark.parametrize("extra", [1, 50])
def test_inline_picture_over_the_cap_is_refused(extra: int) -> None:
    assert isinstance(refused_url(data_uri(PNG), max_bytes=len(PNG) - extra), ResultTooLarge)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(picture(content_type="text/html"), id="content type of a page"),
        pytest.param(picture(b"<html>", content_type="application/octet-stream"), id="page as bytes"),
        pytest.param(answer(b"<html>"), id="page without a content type"),
        pytest.param(picture(b"<html>"), id="page called a picture"),
        pytest.param(picture(b"RIFF\0\0\0\0WAVE"), id="sound called a picture"),
        pytest.param(picture(b""), id="nothing"),
    ],
)
def test_answer_that_is_no_picture_is_refused(server: Loopback, step: Step) -> None:
    error = refused(server, step)

    assert isinstance(error, ResultNotAnImage)
    assert (error.code, error.permanent, error.lost) == ("result_not_an_image", False, True)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(picture(PNG * 10), id="announced"),
        pytest.param(
            answer(PNG, headers={"Content-Type": "image/png", "Content-Length": "9" * 5000}), id="long"
        ),
        pytest.param(chunked(PNG * 10, content_type="image/png"), id="unannounced"),
    ],
)
def test_picture_over_the_cap_is_refused(server: Loopback, step: Step) -> None:
    error = refused(server, step, max_bytes=5 * len(PNG))

    assert isinstance(error, ResultTooLarge)
    assert (error.code, error.permanent, error.lost) == ("result_too_large", True, True)


# --- answers and faults


@pytest.mark.parametrize("status", [404, 410])
def test_deleted_picture_is_gone(server: Loopback, status: int) -> None:
    error = refused(server, picture(b"", status=status))

    assert isinstance(error, ResultGone)
    assert (error.code, error.permanent, error.lost) == ("result_gone", False, True)
    assert error.http_status == status
    assert str(error) == f"result_gone HTTP {status}"


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(answer(b"<html>", status=500), id="500"),
        pytest.param(answer(b"<html>", status=503), id="503"),
        pytest.param(answer(b"", status=429), id="429"),
        pytest.param(answer(b"", status=403), id="403"),
        pytest.param(closes, id="closed"),
        pytest.param(hangs, id="silent"),
        pytest.param(broken_off(PNG, content_type="image/png"), id="half a picture"),
    ],
)
def test_picture_that_may_come_next_time_is_unavailable(server: Loopback, step: Step) -> None:
    error = refused(server, step, read_timeout=0.2)

    assert isinstance(error, ResultUnavailable)
    assert (error.code, error.permanent, error.lost) == ("result_unavailable", False, False)
    assert server.host not in str(error)


def test_dripping_picture_ends_at_the_total_timeout(server: Loopback) -> None:
    assert isinstance(refused(server, drips, total_timeout=0.2), ResultUnavailable)


def test_no_time_left_means_no_request(server: Loopback) -> None:
    assert isinstance(refused(server, picture(), total_timeout=0.0), ResultUnavailable)
    assert server.seen == []


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_within_the_allowed_hosts_is_followed(server: Loopback, status: int) -> None:
    assert fetch(server, redirect("/other.png", status), picture()) == PNG
    assert [seen.path for seen in server.seen] == ["/media/abc/output_0.png", "/other.png"]


def test_three_redirects_are_followed(server: Loopback) -> None:
    assert fetch(server, *[redirect("/again")] * 3, picture()) == PNG


def test_fourth_redirect_is_refused(server: Loopback) -> None:
    assert isinstance(refused(server, redirect("/again")), ResultHostRefused)
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    "location", ["http://[", "", "ftp://media.fashn.ai/a.png", "data:image/png;base64,AAAA"]
)
def test_redirect_to_no_web_address_is_refused(server: Loopback, location: str) -> None:
    assert isinstance(refused(server, redirect(location)), ResultHostRefused)


def test_redirect_away_from_the_allowed_hosts_is_refused(server: Loopback) -> None:
    with Loopback() as inner:
        inner.answers(picture())
        error = refused(server, redirect(f"{inner.url}/secret.png"))

        assert isinstance(error, ResultHostRefused)
        assert (error.code, error.permanent, error.lost) == ("result_host_refused", True, False)
        assert inner.seen == []
