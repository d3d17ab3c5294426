"""The items of a HEIC or AVIF: their types, and where in the file their bytes are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config.core.images.errors import ImageUnreadable
from config.core.images.metadata.boxes import Box, Reader, boxes

# Coded pictures, and those made of others: a grid of tiles, an overlay, a turned copy, an HDR rendition.
PICTURES: Final = {
    b"hvc1", b"hev1", b"lhv1", b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato",
}  # fmt: skip
FULL_BOX: Final = 4  # version and flags
FROM_FILE, FROM_IDAT = 0, 1
SHORT, LONG = 2, 4
# A picture of 200 megapixels in tiles has 800.
MAX_PLACES: Final = 50_000


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the list of items. ``type_at``: the position of its type."""

    number: int
    box: Box
    type_at: int
    is_picture: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes of an item. ``method`` says of what, and an ``end`` of None is the end of that."""

    item: int
    method: int
    start: int
    end: int | None


def items_in(content: bytes | bytearray, listing: Box) -> Iterator[Item]:
    """Yield the items of an iinf box."""
    version = content[listing.body]
    start = listing.body + FULL_BOX + (LONG if version else SHORT)
    for box in boxes(content, start, listing.end):
        version = content[box.body] if box.body < box.end else 0
        reader = Reader(content, box.body + FULL_BOX, box.end)
        number = reader.number(LONG if version == 3 else SHORT)
        if version < 2:
            raise ImageUnreadable  # from a time before HEIF: without a type
        reader.number(SHORT)  # protection
        type_at = reader.position
        name = reader.number(LONG).to_bytes(LONG)
        yield Item(number, box, type_at, is_picture=name in PICTURES)


def places_in(content: bytes | bytearray, table: Box) -> Iterator[Place]:
    """Yield where the items' bytes are, as an iloc box says."""
    reader = Reader(content, table.body, table.end)
    version = reader.number(FULL_BOX) >> 24
    sizes = reader.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    index_size = index_size if version else 0
    wide = LONG if version == 2 else SHORT
    left = MAX_PLACES
    for _ in range(reader.number(wide)):
        number = reader.number(wide)
        method = reader.number(SHORT) & 15 if version else FROM_FILE
        reader.number(SHORT)  # which file: this one
        base = reader.number(base_size)
        count = reader.number(SHORT)
        left -= count + 1
        if left < 0:
            raise ImageUnreadable
        for _ in range(count):
            reader.number(index_size)
            start = base + reader.number(offset_size)
            length = reader.number(length_size)
            yield Place(number, method, start, start + length if length else None)
