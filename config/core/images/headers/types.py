"""What the file says about itself before any pixel is decoded."""

from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

from config.core.images.errors import ImageTruncated
from config.core.images.splice import Piece


class Format(Enum):
    """A format that we read: Pillow's name for it, file extension, content type."""

    JPEG = ("JPEG", "jpg", "image/jpeg")
    PNG = ("PNG", "png", "image/png")
    WEBP = ("WEBP", "webp", "image/webp")
    AVIF = ("AVIF", "avif", "image/avif")
    HEIC = ("HEIF", "heic", "image/heic")

    def __init__(self, decoder: str, extension: str, content_type: str) -> None:
        self.decoder = decoder
        self.extension = extension
        self.content_type = content_type


@dataclass(frozen=True, slots=True)
class Header:
    """One file's own claims. ``width`` and ``height`` in pixels as stored, before any rotation.

    ``max_pixels`` is what this kind of file may have so that decoding stays within the memory budget of
    ``config.core.images.limits``. ``pieces`` is what the decoder gets to see.
    """

    format: Format
    width: int
    height: int
    max_pixels: int
    animated: bool
    pieces: tuple[Piece, ...]


def read_exactly(file: BinaryIO, offset: int, length: int) -> bytes:
    """Return ``length`` bytes from ``offset``. Raises ``ImageTruncated`` where the file ends before."""
    file.seek(offset)
    data = file.read(length)
    if len(data) < length:
        raise ImageTruncated
    return data


@dataclass(frozen=True, slots=True)
class Coded:
    """What a compressed stream says of itself, which is what its decoder allocates by.

    ``width`` and ``height`` in pixels. ``samples``: values a pixel, 1.5 with colour at a quarter of the
    resolution (4:2:0), 3 at full resolution. ``depth`` in bits.
    """

    width: int
    height: int
    samples: float
    depth: int
