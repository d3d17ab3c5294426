"""JPEG: the marker segments, per ITU-T T.81 annex B."""

import re
from collections import Counter
from typing import BinaryIO

from config.core.images.errors import ImageTruncated, ImageUnreadable
from config.core.images.headers.types import Format, Header, read_exactly
from config.core.images.limits import MAX_PIXELS, PROGRESSIVE_BYTES, affordable_pixels
from config.core.images.splice import Piece

EOI, SOS = 0xD9, 0xDA
BASELINE_FRAMES = {0xC0, 0xC1}
FRAMES = BASELINE_FRAMES | {
    0xC2,
    0xC9,
    0xCA,
}  # what libjpeg-turbo decodes at 8 bits: also progressive, arithmetic
UNSUPPORTED_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF}
NOTES = {*range(0xE0, 0xF0), 0xFE}  # APP0 to APP15 and comments

# How the notes that we need begin, and how many segments of up to 64 KB: a colour profile may have 4 MB.
NEEDED_NOTES = {0xE1: (b"Exif\0", 1), 0xE2: (b"ICC_PROFILE\0", 64), 0xEE: (b"Adobe", 1)}

# In compressed data 0xFF is followed by a stuffed 0 or a restart marker (D0-D7); anything else begins a
# segment.
MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
CHUNK_BYTES = 64 * 1024

# Cameras write 20 segments and 10 scans. A 20 MB file can hold 100,000 scans over the same pixels: hours of
# decoding.
MAX_SEGMENTS = 5_000
MAX_SCANS = 100


def read_jpeg(file: BinaryIO) -> Header:
    """Walk a JPEG to the end of its first picture. What follows (a video, more pictures) is left out.

    Raises ``ImageTruncated`` when the end marker is missing, ``ImageUnreadable`` when the structure is
    broken.
    """
    pieces: list[Piece] = [(0, 2)]
    frame: tuple[int, bytes] | None = None
    shown: Counter[int] = Counter()
    scans = 0
    interleaved = True
    position = 2
    for _segment in range(MAX_SEGMENTS):
        start = position
        marker, position = _next_marker(file, position)
        if marker == EOI:
            if frame is None or not scans:
                raise ImageUnreadable
            pieces.append((start, position - start))
            return _header(*frame, interleaved=interleaved, pieces=tuple(pieces))
        length = int.from_bytes(read_exactly(file, position, 2))
        if length < 2 or marker in UNSUPPORTED_FRAMES:
            raise ImageUnreadable
        body = read_exactly(file, position + 2, length - 2)
        position += length
        if marker in FRAMES:
            if frame is not None:  # the decoder might believe the other one
                raise ImageUnreadable
            frame = (marker, body)
        elif marker == SOS:
            scans += 1
            if scans > MAX_SCANS or frame is None or not body:
                raise ImageUnreadable
            interleaved = interleaved and body[0] == frame[1][5]
        if _is_needed(marker, body, shown):
            pieces.append((start, position - start))
    raise ImageUnreadable


def _next_marker(file: BinaryIO, position: int) -> tuple[int, int]:
    """Return the next marker's code and the offset in bytes behind it."""
    head = read_exactly(file, position, 2)
    if MARKER.match(head):
        return head[1], position + 2
    file.seek(position)
    tail = b""
    while chunk := file.read(CHUNK_BYTES):
        data = tail + chunk
        if found := MARKER.search(data):
            return data[found.start() + 1], position + found.end()
        tail = data[-1:]
        position += len(data) - 1
    raise ImageTruncated


def _is_needed(marker: int, body: bytes, shown: Counter[int]) -> bool:
    """Orientation (EXIF), colour profile and Adobe's transform flag stay; comments and other notes go.

    Without APP2 "MPF" the file is an ordinary JPEG to Pillow, not a multi-picture file (MPO).
    """
    if marker not in NOTES:
        return True
    name, limit = NEEDED_NOTES.get(marker, (b"", 0))
    if not body.startswith(name) or shown[marker] == limit:
        return False
    shown[marker] += 1
    return True


def _header(marker: int, body: bytes, *, interleaved: bool, pieces: tuple[Piece, ...]) -> Header:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise ImageUnreadable
    height, width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
    samplings = [divmod(body[index], 16) for index in range(7, 6 + 3 * body[5], 3)]
    if not (width and height and samplings) or any(not (0 < h <= 4 and 0 < v <= 4) for h, v in samplings):
        raise ImageUnreadable
    max_pixels = MAX_PIXELS
    if marker not in BASELINE_FRAMES or not interleaved:
        # libjpeg keeps every coefficient, 2 bytes each, at full size until the last scan is read, draft() or
        # not.
        stored = sum(h * v for h, v in samplings) / (
            max(h for h, _ in samplings) * max(v for _, v in samplings)
        )
        max_pixels = affordable_pixels(2 * stored, budget=PROGRESSIVE_BYTES)
    return Header(Format.JPEG, width, height, max_pixels, animated=False, pieces=pieces)
