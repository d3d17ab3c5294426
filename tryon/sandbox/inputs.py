"""Input pictures at run time: a data URI or a URL in, checked bytes out."""

import base64
import binascii
import io
import re
from urllib.parse import urlsplit

import requests
from PIL import Image, UnidentifiedImageError

from .errors import PredictionError

DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)
FETCH_TIMEOUT_SECONDS = 10
MAX_BYTES = 30 * 1024 * 1024
MIN_SIDE = 15
FORMATS = ("JPEG", "PNG", "WEBP")
CHUNK_BYTES = 64 * 1024


def load_input(name: str, value: str) -> bytes:
    """Return the bytes of a decodable JPEG, PNG or WebP of at most 30 MiB and at least 15 x 15 px.

    ``name`` is the input's field. Raise PredictionError (ImageLoadError) with FASHN's style of message.
    """
    label = name.replace("_", " ")
    inline = DATA_URI.match(value)
    data = _decode(label, value[inline.end() :]) if inline else _fetch(label, value)
    _check(label, data)
    return data


def _failure(label: str, reason: str) -> PredictionError:
    return PredictionError("ImageLoadError", f"Error loading {label}: {reason}")


def _decode(label: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _failure(label, "Invalid base64 data") from error


def _fetch(label: str, url: str) -> bytes:
    if not _is_web_address(url):
        raise _failure(label, "Invalid URL format")
    try:
        with requests.get(url, stream=True, timeout=FETCH_TIMEOUT_SECONDS) as response:
            if response.status_code != requests.codes.ok:
                raise _failure(label, f"The URL answered with status {response.status_code}")
            kind = response.headers.get("Content-Type", "")
            if not kind.lower().startswith("image/"):
                raise _failure(label, f"The URL's Content-Type is not an image. Content-Type: {kind}")
            return _read(label, response)
    except requests.RequestException as error:
        raise _failure(label, "The URL could not be reached") from error


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _read(label: str, response: requests.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        data += chunk
        if len(data) > MAX_BYTES:
            raise _failure(label, "The image is larger than 30 MiB")
    return bytes(data)


def _check(label: str, data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise _failure(label, "The image is larger than 30 MiB")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            too_small = min(image.size) < MIN_SIDE
            # Decoding a JPEG at an eighth still reads every byte of it, at a fraction of the time.
            image.draft(None, (image.width // 8, image.height // 8))
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise _failure(label, "The image could not be decoded") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _failure(label, "The image has too many pixels") from error
    if too_small:
        raise _failure(label, f"The image must be at least {MIN_SIDE}x{MIN_SIDE} pixels")
