"""WebP: the RIFF chunks, per RFC 9649."""

from typing import BinaryIO

from config.core.images.errors import ImageTruncated, ImageUnreadable
from config.core.images.headers.types import Format, Header, read_exactly
from config.core.images.limits import WEBP_COST, affordable_pixels

PIXELS = {b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"}
CANVAS = {b"VP8X", b"VP8 ", b"VP8L"}
METADATA = {b"ICCP": 4_000_000, b"EXIF": 65_536}  # the most bytes that we let the decoder see
MAX_CHUNKS = 5_000


def read_webp(file: BinaryIO) -> Header:
    """Walk the chunks that the RIFF header announces.

    Raises ``ImageTruncated`` when the file is shorter than announced, ``ImageUnreadable`` when it holds no
    picture.
    """
    end = 8 + int.from_bytes(read_exactly(file, 4, 4), "little")
    read_exactly(file, end - 1, 1)
    pieces: list[tuple[int, int]] = []
    sizes: list[tuple[int, int]] = []
    frames = 0
    position = 12
    for _chunk in range(MAX_CHUNKS):
        if position + 8 > end:
            break
        head = read_exactly(file, position, 8)
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if position + 8 + length > end:
            raise ImageTruncated
        frames += name == b"ANMF"
        if name in CANVAS:
            sizes.append(_size(name, read_exactly(file, position + 8, 10)))
        padded = min(8 + length + length % 2, end - position)
        if name in PIXELS or length <= METADATA.get(name, -1):
            pieces.append((position, padded))
        position += padded
    if not sizes:
        raise ImageUnreadable
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    size = sum(length for _, length in pieces)
    riff = b"RIFF" + (4 + size).to_bytes(4, "little") + b"WEBP"
    max_pixels = affordable_pixels(WEBP_COST, file_bytes=size)
    return Header(Format.WEBP, width, height, max_pixels, frames > 1, (riff, *pieces))


def _size(name: bytes, body: bytes) -> tuple[int, int]:
    """Width and height in pixels from the first 10 bytes of a canvas, lossy or lossless chunk."""
    if name == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
