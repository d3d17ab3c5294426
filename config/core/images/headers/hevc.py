"""HEVC: what the stream itself says of its pictures, per ITU-T H.265, sections 7.3.1 and 7.3.2.

libheif decodes first and compares with the container afterwards. By then the memory is taken.
"""

from collections.abc import Iterator
from typing import BinaryIO

from config.core.images.errors import ImageUnreadable
from config.core.images.headers.bits import Bits
from config.core.images.headers.boxes import Item
from config.core.images.headers.types import Coded, read_exactly

SPS = 33
PARAMETER_SETS = {32, 33, 34}
ARRAYS_OFFSET = 22
MAX_CONFIGURATION_BYTES = 4_096  # an iPhone's has 112
MAX_UNITS = 10_000

SAMPLES = {0: 1.0, 1: 1.5, 2: 2.0, 3: 3.0}  # a pixel, by chroma_format_idc


def coded_pictures(configuration: bytes) -> Iterator[Coded]:
    """Yield what each sequence parameter set in an ``hvcC`` box's body says. Raises ``ImageUnreadable``."""
    if len(configuration) > MAX_CONFIGURATION_BYTES:
        raise ImageUnreadable
    bits = Bits(configuration[ARRAYS_OFFSET:])
    for _array in range(bits.take(8)):
        bits.take(8)
        for _unit in range(bits.take(16)):
            unit = bits.take_bytes(bits.take(16))
            if _kind(unit) == SPS:
                yield _parameters(Bits(unit[2:].replace(b"\0\0\3", b"\0\0")))


def refuse_parameters_in(file: BinaryIO, item: Item) -> None:
    """Raise ``ImageUnreadable`` when an item has its own parameter sets, which would overrule the known."""
    if len(item.extents) != 1:
        raise ImageUnreadable
    position, length = item.extents[0]
    end = position + length
    for _unit in range(MAX_UNITS):
        if position + 5 > end:
            return
        head = read_exactly(file, position, 5)
        if _kind(head[4:]) in PARAMETER_SETS:
            raise ImageUnreadable
        position += 4 + int.from_bytes(head[:4])
    raise ImageUnreadable


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 63 if unit else -1


def _parameters(bits: Bits) -> Coded:
    bits.take(4)
    sub_layers = bits.take(3)
    bits.take(1 + 88 + 8)  # nesting flag; profile, tier and level
    if sub_layers:  # video with temporal layers
        raise ImageUnreadable
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    width, height = bits.golomb(), bits.golomb()
    if bits.take(1):
        for _border in range(4):
            bits.golomb()
    depth = 8 + max(bits.golomb(), bits.golomb())
    if chroma not in SAMPLES:
        raise ImageUnreadable
    return Coded(width, height, SAMPLES[chroma], depth)
