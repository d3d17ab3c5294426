"""Reads what a file claims to be, without decoding it. Formats are told by content, never by name."""

from typing import BinaryIO

from config.core.images.errors import ImageTypeUnsupported
from config.core.images.headers.isobmff import read_isobmff
from config.core.images.headers.jpeg import read_jpeg
from config.core.images.headers.png import read_png
from config.core.images.headers.types import Format, Header
from config.core.images.headers.webp import read_webp

__all__ = ["Format", "Header", "read_header"]

AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
MAX_BRANDS_BYTES = 256


def read_header(file: BinaryIO) -> Header:
    """Return the header of a seekable binary file.

    Raises ``ImageTypeUnsupported`` for any other content, ``ImageTruncated`` and ``ImageUnreadable``.
    """
    file.seek(0)
    head = file.read(16)
    if head.startswith(b"\xff\xd8\xff"):
        return read_jpeg(file)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return read_png(file)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return read_webp(file)
    if head[4:8] == b"ftyp":
        return read_isobmff(file, _by_brand(file, int.from_bytes(head[:4])))
    raise ImageTypeUnsupported


def _by_brand(file: BinaryIO, length: int) -> Format:
    """The container alone ("mif1") says nothing about the codec: the compatible brands do."""
    file.seek(8)
    brands = file.read(max(0, min(length - 8, MAX_BRANDS_BYTES)))
    known = [brands[:4], *(brands[index : index + 4] for index in range(8, len(brands), 4))]
    for brand in known:
        if brand in AVIF_BRANDS:
            return Format.AVIF
        if brand in HEIC_BRANDS:
            return Format.HEIC
    raise ImageTypeUnsupported
