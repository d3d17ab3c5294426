"""The boxes of ISO/IEC 14496-12 (ISOBMFF), as far as still pictures (23008-12, HEIF) use them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from config.core.images.errors import ImageTruncated, ImageUnreadable
from config.core.images.headers.types import read_exactly

MAX_META_BYTES = 1_000_000  # an iPhone's is 4 KB
MAX_BOXES = 5_000
PROPERTY_CONTAINERS = {b"iprp", b"ipco"}

type Box = tuple[bytes, bytes]
"""Name and body."""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture, tile or metadata block: its type and where its bytes lie (offset and length in bytes).

    ``in_file``: offsets count from the start of the file, otherwise from the start of the ``idat`` box.
    """

    kind: bytes
    in_file: bool
    extents: tuple[tuple[int, int], ...]


class Fields:
    """Reads big-endian numbers of a given width in bytes, one after the other."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def take(self, width: int) -> int:
        """Return the next number. Raises ``ImageUnreadable`` where the data ends too early."""
        self._position += width
        if self._position > len(self._body):
            raise ImageUnreadable
        return int.from_bytes(self._body[self._position - width : self._position])


def top_level(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and length in bytes of each top-level box's body.

    Raises ``ImageTruncated`` when a box is longer than the rest of the file.
    """
    position = 0
    for _box in range(MAX_BOXES):
        if position == size:
            return
        head = read_exactly(file, position, 8)
        length, start = int.from_bytes(head[:4]), 8
        if length == 1:
            length, start = int.from_bytes(read_exactly(file, position + 8, 8)), 16
        elif length == 0:
            length = size - position
        if length < start:
            raise ImageUnreadable
        if position + length > size:
            raise ImageTruncated
        yield head[4:], position + start, length - start
        position += length
    raise ImageUnreadable


def inside_meta(body: bytes) -> list[Box]:
    """Return the boxes inside a ``meta`` box, those in the lists of items and properties included."""
    return list(_flatten(body[4:]))


def _flatten(data: bytes, depth: int = 0) -> Iterator[Box]:
    position = 0
    while position + 8 <= len(data):
        length, name = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8]
        if not 8 <= length <= len(data) - position or depth > 3:
            raise ImageUnreadable
        body = data[position + 8 : position + length]
        if name in PROPERTY_CONTAINERS:
            yield from _flatten(body, depth + 1)
        elif name == b"iinf":  # version and flags, then a count of 2 or 4 bytes
            yield from _flatten(body[8 if body[:1] > b"\0" else 6 :], depth + 1)
        else:
            yield name, body
        position += length


def items(meta: list[Box], file_size: int) -> list[Item]:
    """Return every item that has bytes. An extent of length 0 runs to the end of the file."""
    kinds = dict(_kind(body) for name, body in meta if name == b"infe")
    return [item for name, body in meta if name == b"iloc" for item in _locations(body, kinds, file_size)]


def _kind(body: bytes) -> tuple[int, bytes]:
    """An item's number and type from its ``infe`` box."""
    fields = Fields(body)
    version = fields.take(4) >> 24
    number = fields.take(4 if version == 3 else 2)
    fields.take(2)  # protection
    return number, fields.take(4).to_bytes(4)


def _locations(body: bytes, kinds: dict[int, bytes], file_size: int) -> Iterator[Item]:
    fields = Fields(body)
    version = fields.take(4) >> 24
    widths = fields.take(2)
    offset_width, length_width, base_width = widths >> 12, widths >> 8 & 15, widths >> 4 & 15
    index_width = widths & 15 if version else 0
    for _entry in range(fields.take(4 if version == 2 else 2)):
        number = fields.take(4 if version == 2 else 2)
        in_file = fields.take(4 if version else 2) == 0  # construction method 0, data reference 0
        base = fields.take(base_width)
        extents = []
        for _extent in range(fields.take(2)):
            fields.take(index_width)
            extents.append((base + fields.take(offset_width), fields.take(length_width) or file_size))
        yield Item(kinds.get(number, b""), in_file, tuple(extents))
