"""HEIC and AVIF containers, written box by box, for what the encoders of the tests do not write."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

ALPHA: Final = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"


# The name of a reference, the item that has it, and the items that it names.
type Reference = tuple[bytes, int, Sequence[int]]


@dataclass(frozen=True)
class Item:
    """A picture of a container: its type, its coded bytes, and its properties as boxes."""

    kind: bytes
    data: bytes
    properties: Sequence[bytes]
    is_hidden: bool = False


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def full(name: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def part(content: bytes, name: bytes) -> bytes:
    """The only box of that name in a file."""
    start = content.index(name) - 4
    return content[start : start + int.from_bytes(content[start : start + 4])]


def item_of(content: bytes, *, without: Sequence[bytes] = ()) -> Item:
    """The one picture of a HEIC or AVIF file."""
    kind, config = (b"av01", b"av1C") if b"av1C" in content else (b"hvc1", b"hvcC")
    names = [name for name in (config, b"ispe", b"pixi", b"colr") if name in content and name not in without]
    return Item(kind, part(content, b"mdat")[8:], [part(content, name) for name in names])


def with_inner_parameters(item: Item) -> Item:
    """HEVC's parameter sets in front of the picture's data, as Sony's cameras write them."""
    config = item.properties[0]
    arrays, position, sets = config[8 + 22], 8 + 23, b""
    for _ in range(arrays):
        count = int.from_bytes(config[position + 1 : position + 3])
        position += 3
        for _ in range(count):
            size = int.from_bytes(config[position : position + 2])
            sets += struct.pack(">I", size) + config[position + 2 : position + 2 + size]
            position += 2 + size
    empty = box(b"hvcC", config[8 : 8 + 22], b"\0")
    return Item(item.kind, sets + item.data, [empty, *item.properties[1:]])


def nclx(primaries: int, transfer: int, matrix: int = 1) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, matrix, 0x80))


def grid(tile: bytes, size: tuple[int, int], rows: int, columns: int) -> bytes:
    """The one picture of a file, repeated in rows and columns, as phones make a picture of tiles."""
    one = replace(item_of(tile), is_hidden=True)
    width, height = size[0] * columns, size[1] * rows
    layout = struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)
    whole = Item(b"grid", layout, [full(b"ispe", struct.pack(">II", width, height))])
    tiles = range(2, 2 + rows * columns)
    return container(whole, *[one] * len(tiles), references=[(b"dimg", 1, tiles)])


def container(
    *items: Item,
    references: Sequence[Reference] = (),
    groups: Sequence[tuple[bytes, Sequence[int]]] = (),
    in_idat: bool = False,
) -> bytes:
    """A file whose first item is the picture. Items are numbered from 1.

    ``groups``: name and numbers. ``in_idat``: the data inside the meta box.
    """
    brand = b"avif" if items[0].kind == b"av01" else b"heic"
    head = box(b"ftyp", brand, bytes(4), b"mif1", brand, b"MA1B" if brand == b"avif" else b"heix")
    data = b"".join(item.data for item in items)
    if in_idat:
        return head + _meta(items, references, groups, 0, box(b"idat", data))
    start = len(head) + len(_meta(items, references, groups, 0)) + 8
    return head + _meta(items, references, groups, start) + box(b"mdat", data)


def _meta(
    items: Sequence[Item],
    references: Sequence[Reference],
    groups: Sequence[tuple[bytes, Sequence[int]]],
    start: int,
    idat: bytes = b"",
) -> bytes:
    entries, places, associations = b"", b"", b""
    properties: list[bytes] = []
    for number, item in enumerate(items, 1):
        entries += full(
            b"infe", struct.pack(">HH", number, 0), item.kind, b"\0", version=2, flags=item.is_hidden
        )
        method = 1 if idat else 0
        places += struct.pack(">HHHHII", number, method, 0, 1, start, len(item.data))
        start += len(item.data)
        properties += [own for own in item.properties if own not in properties]
        indexes = [properties.index(own) + 1 for own in item.properties]
        associations += struct.pack(">HB", number, len(indexes)) + bytes(indexes)
    count = struct.pack(">H", len(items))
    links = [
        box(name, struct.pack(f">HH{len(targets)}H", source, len(targets), *targets))
        for name, source, targets in references
    ]
    kinds = [
        full(name, struct.pack(f">II{len(members)}I", 1000, len(members), *members))
        for name, members in groups
    ]
    return full(
        b"meta",
        full(b"hdlr", bytes(4), b"pict", bytes(13)),
        full(b"pitm", struct.pack(">H", 1)),
        full(b"iloc", b"\x44\0", count, places, version=1),
        full(b"iinf", count, entries),
        full(b"iref", *links) if links else b"",
        box(b"iprp", box(b"ipco", *properties), full(b"ipma", struct.pack(">I", len(items)), associations)),
        box(b"grpl", *kinds) if kinds else b"",
        idat,
    )
