"""A real sandbox on a free loopback port, pictures drawn in code, and the official SDK as the client."""

import base64
import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

import fashn
import pytest
import requests
from PIL import Image, ImageDraw

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
    with fashn.Fashn(api_key=sandbox.api_key, base_url=sandbox.url, max_retries=0, timeout=5) as client:
        yield client


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[requests.Session]:
    """Return a plain session that carries the key."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.api_key}"
        yield session


class Receiver:
    """A web server that keeps what is posted to it and answers with the given statuses, then 200."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.received: list[tuple[str, bytes]] = []
        self.statuses: list[int] = []
        self.page: tuple[str, bytes] = ("text/plain", b"hello")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Serve a webhook receiver that is also a small web site."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            site.received.append((self.path, body))
            self._answer(site.statuses.pop(0) if site.statuses else 200, "text/plain", b"")

        def do_GET(self) -> None:
            self._answer(200, *site.page)

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


def run(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], **extra: Any) -> requests.Response:
    """Post a run of tryon-v1.6; ``extra`` goes to requests."""
    body = {"model_name": "tryon-v1.6", "inputs": inputs}
    return http.post(f"{sandbox.url}/v1/run", json=body, timeout=5, **extra)


def status(sandbox: Sandbox, http: requests.Session, prediction_id: str) -> requests.Response:
    """Read a prediction."""
    return http.get(f"{sandbox.url}/v1/status/{prediction_id}", timeout=5)


def finish(sandbox: Sandbox, http: requests.Session, inputs: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """Run a prediction, push the clock past its end, and return its status answer."""
    prediction_id = run(sandbox, http, inputs, **extra).json()["id"]
    sandbox.advance(60)
    answer: dict[str, Any] = status(sandbox, http, prediction_id).json()
    return answer
