"""A view of a file in which the parts that no decoder needs are left out."""

import io
from bisect import bisect_right
from collections.abc import Buffer, Sequence
from itertools import accumulate
from typing import BinaryIO, override

type Piece = bytes | tuple[int, int]
"""Literal bytes, or (offset, length) in bytes of a stretch of the file."""


class SplicedFile(io.RawIOBase):
    """Reads as the given pieces laid end to end, without copying them. Closing it leaves the file open.

    Decoders keep every comment and metadata block in memory, unpacked, and some keep several copies: 64 KB of
    zTXt become 64 MB in Pillow. What is not shown to them costs nothing.
    """

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._file = file
        self._pieces = pieces
        self._ends = list(accumulate(_length(piece) for piece in pieces))
        self._position = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._position

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        size = self._ends[-1] if self._ends else 0
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        if origin + offset < 0:
            raise ValueError("seek before the start of the file")
        self._position = origin + offset
        return self._position

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        """Fill the buffer up to the end of the current piece; 0 at the end of the file."""
        index = bisect_right(self._ends, self._position)
        if index == len(self._pieces):
            return 0
        target = memoryview(buffer).cast("B")
        piece = self._pieces[index]
        done = self._position - (self._ends[index] - _length(piece))
        wanted = min(len(target), _length(piece) - done)
        if isinstance(piece, bytes):
            data = piece[done : done + wanted]
        else:
            self._file.seek(piece[0] + done)
            data = self._file.read(wanted)
        target[: len(data)] = data
        self._position += len(data)
        return len(data)


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1]
