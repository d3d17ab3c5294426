"""AVIF and HEIC: what the container and the streams inside say of the picture."""

from collections.abc import Iterator
from typing import BinaryIO

from config.core.images.errors import ImageUnreadable
from config.core.images.headers import av1, hevc
from config.core.images.headers.boxes import MAX_META_BYTES, Box, Fields, Item, inside_meta, items, top_level
from config.core.images.headers.types import Coded, Format, Header, read_exactly
from config.core.images.limits import AVIF_FIXED_COST, HEIC_PLANES_FACTOR, affordable_pixels

SEQUENCE_BRANDS = {b"avis", b"hevc", b"hevx", b"msf1"}
AV1_HEAD_BYTES = 4_096
MAX_PADDING = 64  # pixels

type Size = tuple[int, int]


def read_isobmff(file: BinaryIO, fmt: Format) -> Header:
    """Read the boxes of a still picture. Its size is the largest one that any part of the file speaks of.

    The container, a grid of tiles and each compressed stream state sizes of their own, and a decoder
    allocates by whichever it meets first. Raises ``ImageTruncated`` when a box is longer than the file,
    ``ImageUnreadable`` when the structure is broken.
    """
    file_size = file.seek(0, 2)
    boxes = list(top_level(file, file_size))
    metas = [(offset, length) for name, offset, length in boxes if name == b"meta"]
    animated = read_exactly(file, 8, 4) in SEQUENCE_BRANDS or any(name == b"moov" for name, _, _ in boxes)
    if len(metas) != 1 or not 4 <= metas[0][1] <= MAX_META_BYTES:
        raise ImageUnreadable
    meta = inside_meta(read_exactly(file, *metas[0]))
    parts = items(meta, file_size)
    if sum(length for item in parts for _, length in item.extents) > file_size:
        # The decoders copy every metadata item: a thousand items over the same bytes would fill the memory.
        raise ImageUnreadable
    pictures = list(_coded_pictures(file, meta, parts))
    if not pictures:
        raise ImageUnreadable
    width, height = _largest(list(_stated_sizes(file, meta, parts)), pictures)
    max_pixels = affordable_pixels(_cost(fmt, pictures, _has_alpha(meta)), file_bytes=file_size)
    return Header(fmt, width, height, max_pixels, animated, ((0, file_size),))


def _coded_pictures(file: BinaryIO, meta: list[Box], parts: list[Item]) -> Iterator[Coded]:
    """Yield what the compressed streams say: HEVC beside the pictures, AV1 at the start of each."""
    for name, body in meta:
        if name == b"hvcC":
            yield from hevc.coded_pictures(body)
    for item in parts:
        if item.kind == b"hvc1":
            hevc.refuse_parameters_in(file, _in_file(item))
        elif item.kind == b"av01":
            yield from av1.coded_pictures(_head(file, _in_file(item)))


def _stated_sizes(file: BinaryIO, meta: list[Box], parts: list[Item]) -> Iterator[Size]:
    """Yield width and height in pixels from the container's size properties and grids."""
    for name, body in meta:
        if name == b"ispe":
            fields = Fields(body[4:])
            yield fields.take(4), fields.take(4)
    stored = b"".join(body for name, body in meta if name == b"idat")
    for item in parts:
        if item.kind == b"grid":
            offset, length = item.extents[0] if item.extents else (0, 0)
            yield _grid_size(_head(file, item) if item.in_file else stored[offset : offset + length])


def _largest(stated: list[Size], pictures: list[Coded]) -> Size:
    width, height = max(stated, key=_area, default=(0, 0))
    if not (width and height):
        raise ImageUnreadable
    # A stream is padded to whole blocks; what goes beyond that contradicts the container.
    beyond = [
        (picture.width, picture.height)
        for picture in pictures
        if picture.width > width + MAX_PADDING or picture.height > height + MAX_PADDING
    ]
    return max([(width, height), *beyond], key=_area)


def _area(size: Size) -> int:
    return size[0] * size[1]


def _in_file(item: Item) -> Item:
    if not item.in_file:  # no encoder puts pictures elsewhere
        raise ImageUnreadable
    return item


def _head(file: BinaryIO, item: Item) -> bytes:
    data = b""
    for offset, length in item.extents:
        file.seek(offset)
        data += file.read(min(length, AV1_HEAD_BYTES - len(data)))
    return data


def _grid_size(body: bytes) -> Size:
    """Width and height in pixels of the picture that a grid's tiles make up."""
    fields = Fields(body)
    wide = fields.take(2) & 1
    fields.take(2)  # rows and columns
    return fields.take(4 if wide else 2), fields.take(4 if wide else 2)


def _has_alpha(meta: list[Box]) -> bool:
    return any(name == b"auxC" and (b"alpha" in body or b"auxid:1" in body) for name, body in meta)


def _cost(fmt: Format, pictures: list[Coded], alpha: bool) -> float:
    """Return the bytes of memory that decoding takes for each pixel."""
    samples = max(picture.samples for picture in pictures) + alpha
    planes = samples * (1 if all(picture.depth == 8 for picture in pictures) else 2)
    if fmt is Format.HEIC:
        return HEIC_PLANES_FACTOR * planes
    return planes + 3 + alpha + AVIF_FIXED_COST
