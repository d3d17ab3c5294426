"""The output of a finished prediction: URLs, data URIs, and the pictures behind them."""

import base64
import io
import threading
from collections.abc import Callable
from typing import Any

from PIL import Image

from .catalogue import image_count
from .clock import Clock
from .faults import Fault
from .messages import Manner, Reply
from .pictures import compose
from .predictions import Prediction
from .settings import Settings
from .store import Store

WRONG_HOST = "https://media.example.net"
EXPIRED_BASE64 = "<base64>_expired"
# Beside two compositions the status calls of a single core still answer at once.
COMPOSE_AT_ONCE = 2
HUGE_SIDE = 9_000
HUGE_FILE_BYTES = 64 * 1024 * 1024


class Outputs:
    """Composes lazily, once per picture, and keeps the bytes in the store."""

    def __init__(self, clock: Clock, store: Store, plain: Callable[[], bool]) -> None:
        """``plain`` tells whether composing is switched off."""
        self._clock = clock
        self._plain = plain
        self._store = store
        self._gate = threading.Semaphore(COMPOSE_AT_ONCE)

    def entries(self, prediction: Prediction, settings: Settings, host: str) -> Any:
        """Return the ``output`` of a completed prediction: URLs on ``host``, or data URIs while they live."""
        count = image_count(prediction.inputs)
        if prediction.as_base64:
            entries = [self._inline(prediction, index, settings) for index in range(count)]
        else:
            entries = self.urls(prediction, host)
        if prediction.fault and prediction.fault.name == "images_object":
            return {"images": entries}
        return entries

    def urls(self, prediction: Prediction, host: str) -> list[str]:
        """Return the output URLs on ``host``, which is an origin such as ``http://localhost:9000``."""
        return [self._url(prediction, index, host) for index in range(image_count(prediction.inputs))]

    def inline(self, prediction: Prediction) -> list[str]:
        """Return data URIs whatever was asked for."""
        return [self.data_uri(prediction, index) for index in range(image_count(prediction.inputs))]

    def data_uri(self, prediction: Prediction, index: int) -> str:
        """Return one picture as a data URI."""
        text = base64.b64encode(self.picture(prediction, index)).decode()
        return f"data:{media_type(prediction)};base64,{text}"

    def picture(self, prediction: Prediction, index: int) -> bytes:
        """Return the encoded picture number ``index``, composed on first demand."""
        key = _key(prediction, index)
        with prediction.compose_lock:
            if (data := self._store.get(key)) is None:
                photos = {name: self._store.get(at) or b"" for name, at in prediction.pictures.items()}
                if self._plain() and prediction.model.name != "background-remove":
                    photos = {}
                with self._gate:
                    data = compose(prediction.model.name, prediction.inputs, photos, index)
                self._store.put_as(key, data)
        return data

    def keys(self, prediction: Prediction) -> list[str]:
        """Return the keys of all that the store may have of a prediction."""
        made = [_key(prediction, index) for index in range(image_count(prediction.inputs))]
        return [*prediction.pictures.values(), *made]

    def _inline(self, prediction: Prediction, index: int, settings: Settings) -> str:
        if self._age(prediction) > settings.base64_minutes * 60:
            return EXPIRED_BASE64
        return self.data_uri(prediction, index)

    def _url(self, prediction: Prediction, index: int, host: str) -> str:
        fault = prediction.fault
        if fault and fault.name == "wrong_host":
            host = fault.text("host", WRONG_HOST)
        return f"{host}/media/{prediction.id}/output_{index}.{prediction.extension}"

    def _age(self, prediction: Prediction) -> float:
        return self._clock.now() - prediction.outcome.at if prediction.outcome else 0.0

    def gone(self, prediction: Prediction, settings: Settings) -> bool:
        """Return whether the output URLs have died."""
        return self._age(prediction) > settings.url_hours * 3600


def media_type(prediction: Prediction) -> str:
    """Return the Content-Type of the output."""
    return "image/jpeg" if prediction.extension == "jpg" else "image/png"


def spoilt(reply: Reply, fault: Fault) -> Reply:
    """Return the picture with the ordered flaw."""
    match fault.name:
        case "truncated":
            return Reply(200, reply.body[: len(reply.body) // 2], reply.content_type)
        case "wrong_type":
            return Reply(200, b"<html><body>Not a picture</body></html>", "text/html; charset=utf-8")
        case "transparent":
            return Reply(200, _with_alpha(reply.body, Image.linear_gradient("L")), "image/png")
        case "empty":
            return Reply(200, _with_alpha(reply.body, Image.new("L", (1, 1), 0)), "image/png")
        case "redirect":
            return Reply(
                302, headers={"Location": fault.text("url", "http://169.254.169.254/latest/meta-data/")}
            )
        case "huge_pixels":
            return Reply(200, _huge_picture(), "image/png")
        case "huge_file":
            return Reply(200, reply.body.ljust(HUGE_FILE_BYTES, b"\0"), reply.content_type)
        case "slow_body":
            return reply.sent(Manner.SLOW, fault.number("seconds", 30))
    return reply


def _with_alpha(data: bytes, alpha: Image.Image) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        layer = image.convert("RGBA")
    layer.putalpha(alpha.resize(layer.size))
    buffer = io.BytesIO()
    layer.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _huge_picture() -> bytes:
    # 81 megapixels in some ten kilobytes: small to send, ruinous to decode.
    buffer = io.BytesIO()
    Image.new("1", (HUGE_SIDE, HUGE_SIDE)).save(buffer, "PNG")
    return buffer.getvalue()


def _key(prediction: Prediction, index: int) -> str:
    return f"{prediction.id}_{index}"
