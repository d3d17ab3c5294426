"""Messages between a process and its decoding child: a head in JSON, then bytes as they are.

No pickle: a child that hostile bytes have taken over must not be able to run code on this side.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from typing import IO, Any, Final

LENGTH: Final = struct.Struct("!I")
MAX_HEAD_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 256 * 1024 * 1024
COPY_BYTES: Final = 256 * 1024


def write_message(
    pipe: IO[bytes], head: Mapping[str, Any], sizes: Iterable[int], body: Iterable[bytes]
) -> None:
    """Send a head and a body, whose pieces have together as many bytes as ``sizes``."""
    text = json.dumps({**head, "sizes": list(sizes)}).encode()
    pipe.write(LENGTH.pack(len(text)) + text)
    for piece in body:
        pipe.write(piece)
    pipe.flush()


def read_message(pipe: IO[bytes], first: IO[bytes] | None = None) -> tuple[dict[str, Any], list[bytes]]:
    """Return the head and the pieces of the body. Raise EOFError at the end, ValueError for nonsense.

    The first piece goes to ``first``, if there is one, and an empty one stands in its place.
    """
    length = LENGTH.unpack(_read(pipe, LENGTH.size))[0]
    if length > MAX_HEAD_BYTES:
        raise ValueError("the head is too long")
    head = json.loads(_read(pipe, length))
    if not isinstance(head, dict):
        raise ValueError("the head is not an object")
    sizes = [int(size) for size in head.pop("sizes", ())]
    if min(sizes, default=0) < 0 or sum(sizes) > MAX_BODY_BYTES:
        raise ValueError("the body is too long")
    if first is None or not sizes:
        return head, [_read(pipe, size) for size in sizes]
    _copy(pipe, first, sizes[0])
    return head, [b"", *(_read(pipe, size) for size in sizes[1:])]


def _copy(pipe: IO[bytes], target: IO[bytes], size: int) -> None:
    while size:
        size -= target.write(_read(pipe, min(size, COPY_BYTES)))


def _read(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
