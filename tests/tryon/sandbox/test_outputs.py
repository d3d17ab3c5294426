"""The pictures that come out, sound and spoilt."""

import base64
import io
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image, UnidentifiedImageError

from tests.waiting import LONGEST_SECONDS
from tryon.sandbox import Sandbox

from .conftest import finish, run, status


def picture(data: bytes) -> Image.Image:
    """Return the decoded picture."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def get(url: str) -> requests.Response:
    """Download as a browser would, without a key."""
    return requests.get(url, timeout=LONGEST_SECONDS, allow_redirects=False)


@pytest.mark.parametrize(("output_format", "kind"), [("png", "image/png"), ("jpeg", "image/jpeg")])
def test_output_has_size_and_format_of_the_model(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], output_format: str, kind: str
) -> None:
    [url] = finish(sandbox, http, {**inputs, "output_format": output_format})["output"]
    answer = get(url)
    image = picture(answer.content)
    assert answer.headers["Content-Type"] == kind
    assert (image.size, image.format, image.mode) == ((864, 1296), output_format.upper(), "RGB")


def test_garment_lies_on_the_torso(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    [url] = finish(sandbox, http, inputs)["output"]
    image = picture(get(url).content)
    red, green, blue = image.getpixel((432, 500))  # type: ignore[misc]
    assert red > 150
    assert max(green, blue) < 90
    corner = image.getpixel((800, 100))
    assert all(abs(found - drawn) < 12 for found, drawn in zip(corner, (226, 222, 214), strict=True))  # type: ignore[arg-type]


def test_same_seed_gives_same_bytes_and_index_differs(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    def pictures(**extra: Any) -> list[bytes]:
        answer = finish(sandbox, http, {**inputs, **extra})
        return [get(url).content for url in answer["output"]]

    first, second = pictures(num_samples=2)
    assert first != second
    assert pictures(seed=42) == [first]
    assert pictures(seed=7) != [first]


@pytest.mark.parametrize(("resolution", "pixels"), [("1k", 1.05), ("2k", 4.2)])
def test_max_keeps_shape_and_meets_tier(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], resolution: str, pixels: float
) -> None:
    own = {
        "model_image": inputs["model_image"],
        "product_image": inputs["garment_image"],
        "resolution": resolution,
    }
    body = {"model_name": "tryon-max", "inputs": own}
    prediction_id = http.post(f"{sandbox.url}/v1/run", json=body, timeout=LONGEST_SECONDS).json()["id"]
    sandbox.advance(120)
    [url] = status(sandbox, http, prediction_id).json()["output"]
    width, height = picture(get(url).content).size
    assert width * height / 1_000_000 == pytest.approx(pixels, rel=0.05)
    assert width / height == pytest.approx(300 / 450, rel=0.02)


def test_background_remove_cuts_the_subject_out(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    body = {"model_name": "background-remove", "inputs": {"image": inputs["garment_image"]}}
    prediction_id = http.post(f"{sandbox.url}/v1/run", json=body, timeout=LONGEST_SECONDS).json()["id"]
    sandbox.advance(10)
    [url] = status(sandbox, http, prediction_id).json()["output"]
    image = picture(get(url).content)
    assert (image.mode, image.size) == ("RGBA", (250, 300))
    assert image.getpixel((5, 5))[3] == 0  # type: ignore[index]
    assert image.getpixel((125, 180))[3] == 255  # type: ignore[index]


def test_base64_output_expires_after_an_hour(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    answer = finish(sandbox, http, {**inputs, "return_base64": True, "output_format": "jpeg"})
    head, _, text = answer["output"][0].partition(",")
    assert head == "data:image/jpeg;base64"
    assert picture(base64.b64decode(text)).size == (864, 1296)
    sandbox.advance(3600)
    assert status(sandbox, http, answer["id"]).json()["output"] == ["<base64>_expired"]


def test_a_sandbox_that_runs_for_months_forgets_pictures(
    http: requests.Session, inputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Sandbox(keep_hours=24, url="http://sandbox.test:8900") as short:
        reached = f"http://127.0.0.1:{short._server.server_port}"

        def make() -> str:
            body = {"model_name": "tryon-v1.6", "inputs": inputs}
            made = http.post(f"{reached}/v1/run", json=body, timeout=LONGEST_SECONDS).json()["id"]
            short.advance(60)
            return str(made)

        old = make()
        [url] = http.get(f"{reached}/v1/status/{old}", timeout=LONGEST_SECONDS).json()["output"]
        assert url.startswith("http://sandbox.test:8900/media/")
        assert get(url.replace("http://sandbox.test:8900", reached)).status_code == 200
        short.advance(23 * 3600)
        young = make()
        short.advance(3600)
        known = [row["id"] for row in short.ledger()["predictions"]]
        assert known == [young]
        assert len(list(tmp_path.rglob("*_0"))) == 0
        assert len([*tmp_path.rglob("*")]) == 3  # the folder, and the two photos of the younger
        short.advance(25 * 3600)
        assert len([*tmp_path.rglob("*")]) == 1


def test_url_dies_after_three_days(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    [url] = finish(sandbox, http, inputs)["output"]
    sandbox.advance(71 * 3600)
    assert get(url).status_code == 200
    sandbox.advance(3600)
    assert get(url).status_code == 404
    assert get(url.replace("output_0", "output_9")).status_code == 404


def test_output_host_can_be_another(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    sandbox.configure(outputHost="http://localhost:1")
    assert finish(sandbox, http, inputs)["output"][0].startswith("http://localhost:1/media/")
    sandbox.configure(outputHost=None)
    assert finish(sandbox, http, {**inputs, "seed": 424247})["output"][0].startswith(
        "https://media.example.net/"
    )
    assert finish(sandbox, http, inputs)["output"][0].startswith(sandbox.url)


def test_output_may_come_as_object(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    assert list(finish(sandbox, http, {**inputs, "seed": 424248})["output"]) == ["images"]


def test_truncated_picture_is_sound_on_the_next_download(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    [url] = finish(sandbox, http, inputs)["output"]
    sandbox.inject("media", "truncated")
    with pytest.raises(OSError, match="truncated"):
        picture(get(url).content)
    assert picture(get(url).content).size == (864, 1296)


def test_seeds_spoil_the_picture(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]) -> None:
    def download(seed: int) -> requests.Response:
        return get(finish(sandbox, http, {**inputs, "seed": seed})["output"][0])

    with pytest.raises(OSError, match="truncated"):
        picture(download(424240).content)
    page = download(424241)
    assert page.headers["Content-Type"].startswith("text/html")
    with pytest.raises(UnidentifiedImageError):
        picture(page.content)
    assert picture(download(424242).content).mode == "RGBA"
    assert urlsplit(download(424243).headers["Location"]).hostname == "169.254.169.254"
    assert Image.open(io.BytesIO(download(424244).content)).size == (9000, 9000)
    assert len(download(424245).content) > 60_000_000
    assert download(424246).status_code == 404


def test_redirect_goes_where_it_was_told(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    [url] = finish(sandbox, http, inputs)["output"]
    sandbox.inject("media", "redirect", url="http://127.0.0.1:9/")
    answer = get(url)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/")


def test_download_can_fail_like_any_call(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    [url] = finish(sandbox, http, inputs)["output"]
    sandbox.inject("media", "bad_gateway")
    assert get(url).status_code == 502
    sandbox.inject("media", "reset_after")
    with pytest.raises(requests.ConnectionError):
        get(url)
    assert requests.head(url, timeout=LONGEST_SECONDS).headers["Content-Type"] == "image/png"


def test_run_does_not_wait_for_pictures(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    answer = run(sandbox, http, {**inputs, "model_image": "data:image/png;base64,AAAA"})
    assert answer.status_code == 200
    sandbox.advance(60)
    assert status(sandbox, http, answer.json()["id"]).json()["error"]["name"] == "ImageLoadError"


def test_plain_pictures_do_not_look_at_the_photos(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any]
) -> None:
    [composed] = finish(sandbox, http, inputs)["output"]
    before = get(composed).content
    sandbox.configure(plainPictures=True)
    [plain] = finish(sandbox, http, inputs)["output"]
    after = get(plain).content
    assert after != before
    assert picture(after).size == (864, 1296)
