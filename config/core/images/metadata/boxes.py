"""The boxes of HEIC and AVIF (ISO/IEC 14496-12): a length, a name, and a body that may hold boxes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from config.core.images.errors import ImageTruncated, ImageUnreadable

NAME_END: Final = 8
# More than any picture has, and few enough to walk through in a moment.
MAX_BOXES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Box:
    """A box from ``start`` to ``end``; its body begins at ``body``."""

    name: bytes
    start: int
    body: int
    end: int


def boxes(content: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two positions. Raise ``ImageUnreadable`` for one that does not fit."""
    for _ in range(MAX_BOXES):
        if start + NAME_END > end:
            return
        box = box_at(content, start, end)
        if not box.body <= box.end <= end:
            raise ImageUnreadable
        yield box
        start = box.end
    raise ImageUnreadable


def box_at(content: bytes | bytearray, start: int, end: int) -> Box:
    """Return the box at a position as it says, so that it may end behind ``end``, or before its body."""
    size, body = int.from_bytes(content[start : start + 4]), start + NAME_END
    if size == 1:
        size, body = int.from_bytes(content[body : body + 8]), body + 8
    elif size == 0:
        size = end - start
    return Box(bytes(content[start + 4 : start + NAME_END]), start, body, start + size)


class Reader:
    """Big-endian numbers, one after the other. Raise ``ImageTruncated`` behind the end."""

    def __init__(self, content: bytes | bytearray, position: int, end: int) -> None:
        self._content = content
        self.position = position
        self.end = end

    def number(self, size: int) -> int:
        """Return the next number of this many bytes; 0 for none."""
        start, self.position = self.position, self.position + size
        if self.position > self.end:
            raise ImageTruncated
        return int.from_bytes(self._content[start : self.position])
