"""The sandbox's answers to input pictures that it can't use."""

import base64
from typing import Any

import pytest
import requests
from PIL import Image

from tests.tryon.fashn.loopback import Loopback, answer
from tryon.sandbox import Sandbox

from .conftest import data_uri, draw_person, finish

CUT = (
    "data:image/png;base64,"
    + base64.b64encode(base64.b64decode(data_uri(draw_person()).partition(",")[2])[:900]).decode()
)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (data_uri(draw_person()).partition(",")[2], "Invalid URL format"),
        ("saved:anna", "Invalid URL format"),
        ("http://[", "Invalid URL format"),
        ("data:image/png;base64,%%%", "Invalid base64 data"),
        ("data:image/png;base64,aGVsbG8=", "could not be decoded"),
        (CUT, "could not be decoded"),
        (data_uri(Image.new("RGB", (14, 40))), "at least 15x15"),
        ("http://127.0.0.1:9/photo.png", "could not be reached"),
    ],
    ids=["no-prefix", "saved", "bad-url", "bad-base64", "not-a-picture", "truncated", "tiny", "unreachable"],
)
def test_unusable_picture_fails_with_reason(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], value: str, reason: str
) -> None:
    ended = finish(sandbox, http, {**inputs, "model_image": value})
    assert ended["error"]["name"] == "ImageLoadError"
    assert ended["error"]["message"].startswith("Error loading model image: ")
    assert reason in ended["error"]["message"]


def test_picture_is_fetched_from_its_url(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    garment = base64.b64decode(inputs["garment_image"].partition(",")[2])
    receiver.answers(answer(garment, headers={"Content-Type": "image/png"}))
    assert finish(sandbox, http, {**inputs, "garment_image": receiver.url})["status"] == "completed"


def test_page_instead_of_picture_names_its_type(
    sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], receiver: Loopback
) -> None:
    ended = finish(sandbox, http, {**inputs, "garment_image": receiver.url})
    assert ended["error"] == {
        "name": "ImageLoadError",
        "message": (
            "Error loading garment image: The URL's Content-Type is not an image. Content-Type: text/plain"
        ),
    }
