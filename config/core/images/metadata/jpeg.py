"""JPEG: segments behind markers, and scans, which run to the next marker."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from config.core.images.errors import ImageTruncated, ImageUnreadable
from config.core.images.metadata.cleaned import Cleaned
from config.core.images.metadata.orientation import exif_of, orientation_of

type Bytes = bytes | memoryview

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
END, SCAN, APP0, APP1, APP2, APP14 = 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
# Markers without a length: TEM, restarts, and the start of a picture.
BARE: Final = {0x01, *range(0xD0, 0xD9)}
# Tables, frames and scans. The application segments below are kept by their names.
CODING: Final = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)}
PROFILE, ADOBE = b"ICC_PROFILE\0", b"Adobe"
EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
# The name, the version and the density. A thumbnail may follow, whose size is two bytes.
JFIF, JFIF_BYTES, NO_THUMBNAIL = b"JFIF\0", 12, b"\0\0"

# Junk between segments is skipped, as decoders do.
MARKER: Final = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
# In a scan, FF 00 is a byte of the picture, and FF D0 to FF D7 are restarts. More than one FF may precede
# these and the next marker: nobody writes that, and to look for it takes 20 times as long.
SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)
FILLED_SCAN_END: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)

# Cameras write 20 scans at most. A file of 20 MB can hold 100,000, over the same pixels.
MAX_SCANS: Final = 100
# A long note in pieces of 64 KB takes some hundreds.
MAX_SEGMENTS: Final = 20_000

# More bytes for the decoder in place of a missing end. They do not change a picture that is complete.
FILLERS: Final = (bytes(64), b"\x5a" * 64)


@dataclass(slots=True)
class Parts:
    """The bytes to keep, and the notes on the orientation."""

    jfif: Bytes = b""
    kept: list[Bytes] = field(default_factory=list)
    exif: bytes | None = None
    xmp: bytes | None = None
    scans: int = 0
    has_end: bool = False


def without_metadata(content: bytes) -> Cleaned:
    """Return the first picture of a JPEG. A missing end is added; ``filled`` tells if more is missing."""
    parts = Parts()
    for marker, segment, scan in _segments(content):
        _sort(parts, marker, segment, scan)
    if not parts.scans:
        raise ImageTruncated
    orientation = orientation_of(parts.exif, parts.xmp)
    exif = b"" if orientation == 1 else _segment(APP1, EXIF + exif_of(orientation))
    return Cleaned(b"".join([SOI, parts.jfif, exif, *parts.kept, EOI]), has_end=parts.has_end)


def filled(cleaned: bytes) -> tuple[bytes, bytes]:
    """Return two versions of a file whose end was added. They look the same if nothing else is missing."""
    first, second = (cleaned.removesuffix(EOI) + filler + EOI for filler in FILLERS)
    return first, second


def _segments(content: bytes) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Yield marker, segment, and what follows it up to the next: a scan's data, or nothing."""
    view = memoryview(content)
    position = len(SOI)
    for _ in range(MAX_SEGMENTS):
        match = MARKER.search(content, position)
        if match is None:
            return
        marker, position = match[1][0], match.end()
        if marker == END:
            yield marker, view[:0], view[:0]
            return
        if marker not in BARE:
            end = position + int.from_bytes(view[position : position + 2])
            if end > len(content) or position + 2 > len(content):
                raise ImageTruncated
            scan_end = _scan_end(content, end) if marker == SCAN else end
            yield marker, view[position - 2 : end], view[end:scan_end]
            position = scan_end
    raise ImageUnreadable


def _scan_end(content: bytes, start: int) -> int:
    match = SCAN_END.search(content, start)
    if match and match[0] == b"\xff\xff":
        match = FILLED_SCAN_END.search(content, match.start())
    # Without a next marker, the file may end with half of one.
    return match.start() if match else len(content) - content.endswith(b"\xff")


def _sort(parts: Parts, marker: int, segment: memoryview, scan: memoryview) -> None:
    body = segment[4:]
    if marker == END:
        parts.has_end = True
    elif marker in CODING:
        parts.kept += [segment, scan]
        parts.scans += marker == SCAN
        if parts.scans > MAX_SCANS:
            raise ImageUnreadable
    elif marker == APP0 and _is_named(body, JFIF) and not parts.jfif:
        parts.jfif = _segment(APP0, bytes(body[:JFIF_BYTES]) + NO_THUMBNAIL)
    elif marker == APP1 and _is_named(body, EXIF) and parts.exif is None:
        parts.exif = bytes(body[len(EXIF) :])
    elif marker == APP1 and _is_named(body, XMP) and parts.xmp is None:
        parts.xmp = bytes(body[len(XMP) :])
    elif (marker == APP2 and _is_named(body, PROFILE)) or (marker == APP14 and _is_named(body, ADOBE)):
        parts.kept.append(segment)


def _is_named(body: memoryview, name: bytes) -> bool:
    return bytes(body[: len(name)]) == name


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body
