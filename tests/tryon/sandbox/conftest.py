"""A real sandbox on a free loopback port, pictures drawn in code, and the official SDK as the client."""

import base64
import io
from collections.abc import Iterator
from typing import Any

import fashn
import pytest
import requests
from PIL import Image, ImageDraw

from tests.tryon.fashn.loopback import Loopback, answer
from tests.waiting import LONGEST_SECONDS
from tryon.sandbox import Sandbox


def data_uri(image: Image.Image) -> str:
    """Return the picture as an inline PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def draw_person() -> Image.Image:
    """Return a 300 x 450 figure in a grey shirt before a light wall."""
    image = Image.new("RGB", (300, 450), (226, 222, 214))
    draw = ImageDraw.Draw(image)
    draw.ellipse((125, 30, 175, 95), fill=(206, 160, 130))
    draw.polygon([(100, 110), (200, 110), (210, 250), (90, 250)], fill=(120, 130, 150))
    draw.rectangle((100, 250, 200, 430), fill=(60, 60, 80))
    return image


def draw_shirt() -> Image.Image:
    """Return a 250 x 300 red shirt on a near-white ground."""
    image = Image.new("RGB", (250, 300), (247, 247, 247))
    points = [
        (75, 40),
        (175, 40),
        (230, 100),
        (200, 130),
        (180, 105),
        (180, 260),
        (70, 260),
        (70, 105),
        (50, 130),
        (20, 100),
    ]
    ImageDraw.Draw(image).polygon(points, fill=(190, 30, 50))
    return image


@pytest.fixture
def inputs() -> dict[str, Any]:
    """Return sound inputs for tryon-v1.6."""
    return {
        "model_image": data_uri(draw_person()),
        "garment_image": data_uri(draw_shirt()),
        "mode": "performance",
    }


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve at normal speed: the tests push the clock themselves."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def sdk(sandbox: Sandbox) -> Iterator[fashn.Fashn]:
    """Return the official client, without its own retries."""
    with fashn.Fashn(
        api_key=sandbox.api_key, base_url=sandbox.url, max_retries=0, timeout=LONGEST_SECONDS
    ) as client:
        yield client


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[requests.Session]:
    """Return a plain session that carries the key."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.api_key}"
        yield session


@pytest.fixture
def receiver() -> Iterator[Loopback]:
    """Serve a web site that takes webhooks."""
    with Loopback() as server:
        server.answers(answer(b"hello", headers={"Content-Type": "text/plain"}))
        yield server


def run(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], **extra: Any) -> requests.Response:
    """Post a run of tryon-v1.6; ``extra`` goes to requests."""
    body = {"model_name": "tryon-v1.6", "inputs": inputs}
    return http.post(f"{sandbox.url}/v1/run", json=body, timeout=LONGEST_SECONDS, **extra)


def status(sandbox: Sandbox, http: requests.Session, prediction_id: str) -> requests.Response:
    """Read a prediction."""
    return http.get(f"{sandbox.url}/v1/status/{prediction_id}", timeout=LONGEST_SECONDS)


def finish(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """Run a prediction, push the clock past its end, and return its status answer."""
    prediction_id = run(sandbox, http, inputs, **extra).json()["id"]
    sandbox.advance(60)
    ended: dict[str, Any] = status(sandbox, http, prediction_id).json()
    return ended
