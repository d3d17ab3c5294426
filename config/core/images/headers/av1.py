"""AV1: what the stream itself says of its pictures, per the AV1 bitstream specification, section 5.5.

libavif believes the stream and scales: a container that says 300 x 300 could hold 16384 x 16384.
"""

from collections.abc import Iterator

from config.core.images.errors import ImageUnreadable
from config.core.images.headers.bits import Bits
from config.core.images.headers.types import Coded

SEQUENCE_HEADER = 1

MAIN_PROFILE = 0  # 4:2:0 or grey; the other profiles have colour at up to full resolution


def coded_pictures(data: bytes) -> Iterator[Coded]:
    """Yield what each sequence header in the first bytes of an AV1 item says.

    Raises ``ImageUnreadable`` where the bytes are no AV1 stream.
    """
    position = 0
    while position + 2 <= len(data):
        head = data[position]
        kind, extended, sized = head >> 3 & 15, head >> 2 & 1, head >> 1 & 1
        if head & 0x81:  # reserved bits
            raise ImageUnreadable
        length, start = (
            _leb128(data, position + 1 + extended) if sized else (len(data), position + 1 + extended)
        )
        if kind == SEQUENCE_HEADER:
            yield _sequence(Bits(data[start : min(start + length, start + 256)]))
        position = start + length


def _leb128(data: bytes, position: int) -> tuple[int, int]:
    """Return a variable-length number and the offset behind it."""
    value = 0
    for index, byte in enumerate(data[position : position + 8]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, position + index + 1
    return 0, len(data)


def _sequence(bits: Bits) -> Coded:
    profile = bits.take(3)
    bits.take(1)  # still picture
    short = bits.take(1) == 1  # the header that still pictures use
    if short:
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    width, height = bits.take(width_bits) + 1, bits.take(height_bits) + 1
    if not short and bits.take(1):
        bits.take(4 + 3)  # lengths of frame ids
    bits.take(3)  # superblock size, intra filters
    if not short:
        _skip_inter_tools(bits)
    bits.take(3)  # super-resolution, CDEF, restoration
    return Coded(width, height, 1.5 if profile == MAIN_PROFILE else 3.0, 10 if bits.take(1) else 8)


def _skip_operating_points(bits: Bits) -> None:
    if bits.take(1):  # timing information: video only
        raise ImageUnreadable
    delays = bits.take(1)
    for _point in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delays and bits.take(1):
            bits.take(4)


def _skip_inter_tools(bits: Bits) -> None:
    bits.take(4)  # inter-intra, masked, warped, dual filter
    order_hint = bits.take(1)
    if order_hint:
        bits.take(2)
    screen_content = 2 if bits.take(1) else bits.take(1)
    if screen_content and not bits.take(1):
        bits.take(1)
    if order_hint:
        bits.take(3)
