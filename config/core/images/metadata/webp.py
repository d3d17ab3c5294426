"""WebP: chunks in a RIFF file, each with a name, a length, and a byte more if that is odd."""

from collections.abc import Iterator
from typing import Final

from config.core.images.errors import ImageTruncated
from config.core.images.metadata.cleaned import Cleaned
from config.core.images.metadata.orientation import exif_of, orientation_of

HEAD_BYTES, NAME_BYTES = 12, 8
EXTENDED, EXIF, XMP = b"VP8X", b"EXIF", b"XMP "
KEPT: Final = {b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"}
# The flags of an extended file that say which metadata follow.
EXIF_FLAG, XMP_FLAG = 0x08, 0x04
EXIF_PREFIX: Final = b"Exif\0\0"


def without_metadata(content: bytes) -> Cleaned:
    """Return the WebP without EXIF, XMP and unknown chunks; the orientation stays."""
    head = b""
    kept: list[bytes | memoryview] = []
    notes: dict[bytes, bytes] = {}
    for name, chunk in _chunks(memoryview(content)):
        if name == EXTENDED and not head:
            head = bytes(chunk)
        elif name in KEPT:
            kept.append(chunk)
        elif name in {EXIF, XMP}:
            notes.setdefault(name, bytes(chunk[NAME_BYTES:]))
    # Only an extended file can have notes.
    orientation = orientation_of(notes.get(EXIF, b"").removeprefix(EXIF_PREFIX), notes.get(XMP))
    turned = bool(head) and orientation != 1
    if turned:
        kept.append(_chunk(EXIF, exif_of(orientation)))
    return Cleaned(_file([_flagged(head, turned), *kept]))


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and chunk. Raise ``ImageTruncated``. Bytes behind the stated length do not count."""
    length = 8 + int.from_bytes(view[4:8], "little")
    if length > len(view):
        raise ImageTruncated
    position = HEAD_BYTES
    while position + NAME_BYTES <= length:
        size = int.from_bytes(view[position + 4 : position + 8], "little")
        end = position + NAME_BYTES + size
        if end > length:
            raise ImageTruncated
        yield bytes(view[position : position + 4]), view[position:end]
        position = end + size % 2


def _flagged(head: bytes, has_exif: bool) -> bytes:
    """Return the extended header, if there is one, with the flags of what is left."""
    if len(head) <= NAME_BYTES:
        return b""
    flags = head[NAME_BYTES] & ~(EXIF_FLAG | XMP_FLAG) | (EXIF_FLAG if has_exif else 0)
    return head[:NAME_BYTES] + bytes([flags]) + head[NAME_BYTES + 1 :]


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body


def _file(chunks: list[bytes | memoryview]) -> bytes:
    pieces = [piece for chunk in chunks for piece in (chunk, bytes(len(chunk) % 2))]
    size = 4 + sum(map(len, pieces))
    return b"".join([b"RIFF", size.to_bytes(4, "little"), b"WEBP", *pieces])
