"""PNG: chunks, each with a length, a name and a checksum."""

import zlib
from collections.abc import Iterator
from typing import Final

from config.core.images.errors import ImageAnimated, ImageTruncated
from config.core.images.metadata.cleaned import Cleaned
from config.core.images.metadata.orientation import exif_of, orientation_of

SIGNATURE_BYTES, FRAME_BYTES = 8, 12
KEPT: Final = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND",
    b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"sBIT", b"bKGD", b"pHYs",
}  # fmt: skip
# The name of the text, not compressed, no language, no translated name.
XMP: Final = b"XML:com.adobe.xmp\0" + bytes(4)


def without_metadata(content: bytes) -> Cleaned:
    """Return the PNG without texts, times and unknown chunks. An APNG of one frame becomes a PNG.

    Raise ``ImageAnimated`` for an APNG of several.
    """
    view = memoryview(content)
    kept: list[bytes | memoryview] = []
    exif = xmp = None
    for name, chunk in _chunks(view):
        body = chunk[8:-4]
        if name in KEPT:
            kept.append(chunk)
        elif name == b"acTL" and int.from_bytes(body[:4]) > 1:
            raise ImageAnimated
        elif name == b"eXIf":
            exif = bytes(body)
        elif name == b"iTXt" and body[: len(XMP)] == XMP:
            xmp = bytes(body[len(XMP) :])
    orientation = orientation_of(exif, xmp)
    if orientation != 1:
        kept.insert(1, _chunk(b"eXIf", exif_of(orientation)))
    return Cleaned(b"".join([view[:SIGNATURE_BYTES], *kept]))


def colour_code(content: bytes) -> bytes | None:
    """Return the body of a PNG's cICP chunk: primaries, transfer, matrix and range in a byte each."""
    for name, chunk in _chunks(memoryview(content)):
        if name == b"cICP":
            return bytes(chunk[8:-4])
        if name == b"IDAT":
            break
    return None


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and chunk, up to the last. Raise ``ImageTruncated``."""
    position, name = SIGNATURE_BYTES, b""
    while name != b"IEND":
        end = position + FRAME_BYTES + int.from_bytes(view[position : position + 4])
        if end > len(view):
            raise ImageTruncated
        name = bytes(view[position + 4 : position + 8])
        yield name, view[position:end]
        position = end


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)
