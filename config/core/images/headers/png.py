"""PNG: the chunks, per the W3C PNG specification (third edition)."""

from typing import BinaryIO

from config.core.images.errors import ImageUnreadable
from config.core.images.headers.types import Format, Header, read_exactly
from config.core.images.limits import MAX_PIXELS, TRUECOLOUR_PNG_COST, affordable_pixels
from config.core.images.splice import Piece

GREYSCALE, PALETTE = 0, 3

# The chunks that change what one sees, and the most bytes that they may have. All others, text above all,
# stay unread.
NEEDED = {b"IHDR": 13, b"PLTE": 3 * 256, b"tRNS": 256, b"iCCP": 1_000_000, b"eXIf": 65_536, b"IEND": 0}

# Encoders write 8 KB of pixels a chunk: 2,500 chunks in 20 MB. Empty chunks would cost a second of parsing
# per 100,000.
MAX_CHUNKS = 25_000


def read_png(file: BinaryIO) -> Header:
    """Walk a PNG to its end chunk, which must be there.

    Raises ``ImageTruncated`` when the file ends before, ``ImageUnreadable`` when the structure is broken.
    """
    pieces: list[Piece] = [(0, 8)]
    seen: set[bytes] = set()
    header = b""
    position = 8
    for _chunk in range(MAX_CHUNKS):
        head = read_exactly(file, position, 8)
        length, name = int.from_bytes(head[:4]), head[4:]
        if not name.isalpha() or (name == b"IHDR") != (not header):
            raise ImageUnreadable
        read_exactly(file, position + 8 + length, 4)  # the checksum, so the whole chunk is there
        if name == b"IHDR":
            header = read_exactly(file, position + 8, length)
        if name == b"IDAT" or (name in NEEDED and name not in seen and length <= NEEDED[name]):
            pieces.append((position, length + 12))
        seen.add(name)
        position += length + 12
        if name == b"IEND":
            return _header(header, animated=b"acTL" in seen, pieces=tuple(pieces))
    raise ImageUnreadable


def _header(body: bytes, *, animated: bool, pieces: tuple[Piece, ...]) -> Header:
    if len(body) != 13:
        raise ImageUnreadable
    width, height, kind = int.from_bytes(body[:4]), int.from_bytes(body[4:8]), body[9]
    if not (width and height):
        raise ImageUnreadable
    # One or two bytes a pixel in memory, against four for truecolour and for anything with an alpha channel.
    max_pixels = MAX_PIXELS if kind in (GREYSCALE, PALETTE) else affordable_pixels(TRUECOLOUR_PNG_COST)
    return Header(Format.PNG, width, height, max_pixels, animated, pieces)
