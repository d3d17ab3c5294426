"""HEIC and AVIF: a list of items, and their bytes at stated positions of the file.

Positions must not move, so that what goes becomes zeros. It is easier to say what stays: the bytes of the
pictures, and the boxes that describe them.
"""

from collections.abc import Iterable
from typing import Final

from config.core.images.errors import ImageTruncated, ImageUnreadable
from config.core.images.metadata.boxes import NAME_END, Box, box_at, boxes
from config.core.images.metadata.cleaned import Cleaned
from config.core.images.metadata.items import (
    FROM_FILE,
    FROM_IDAT,
    FULL_BOX,
    Item,
    Place,
    items_in,
    places_in,
)

FREE: Final = b"free"
# On the top level. A picture's bytes are inside mdat; moov describes a sequence of pictures.
KEPT: Final = {b"ftyp", b"meta", b"mdat", b"moov"}
KEPT_IN_META: Final = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp", b"iref", b"idat", b"grpl", b"dinf"}
# Elsewhere, these boxes hold notes, and those hold boxes.
NOTES: Final = {b"udta", b"meta", b"uuid", b"udes"}
PARENTS: Final = {b"trak", b"ipco"}

type Span = tuple[int, int]


def without_metadata(content: bytes) -> Cleaned:
    """Return the file with nothing but its pictures, and without what follows them."""
    top = _top_boxes(content)
    found = {box.name: box for box in top}
    if b"meta" not in found:
        raise ImageUnreadable
    inside = {box.name: box for box in boxes(content, found[b"meta"].body + FULL_BOX, found[b"meta"].end)}
    if not {b"iinf", b"iloc"} <= inside.keys():
        raise ImageUnreadable
    items = list(items_in(content, inside[b"iinf"]))
    cleaned = _frames(content, top)
    for box in boxes(content, found[b"meta"].body + FULL_BOX, found[b"meta"].end):
        if box.name not in KEPT_IN_META:
            _blank(cleaned, box)
    for parent in (found.get(b"moov"), inside.get(b"iprp")):
        if parent:
            _blank_notes(cleaned, parent)
    for item in items:
        if not item.is_picture:
            _blank_item(cleaned, item)
    pictures = {item.number for item in items if item.is_picture}
    places = list(places_in(content, inside[b"iloc"]))
    _fill(content, cleaned, [place for place in places if place.item in pictures], top, inside)
    if b"moov" in found:
        _fill_sequence(content, cleaned, [place for place in places if place.item not in pictures], top)
    return Cleaned(bytes(cleaned))


def _top_boxes(content: bytes) -> list[Box]:
    """Return the boxes of the picture's file. Another file may follow, or text, or a camera's own bytes."""
    top: list[Box] = []
    names: set[bytes] = set()
    position = 0
    while position + NAME_END <= len(content):
        box = box_at(content, position, len(content))
        if box.name in names & KEPT - {b"mdat"} or box.end < box.body:
            break
        if box.end > len(content):
            if box.name in KEPT:
                raise ImageTruncated
            break
        top.append(box)
        names.add(box.name)
        position = box.end
    return top


def _frames(content: bytes, top: list[Box]) -> bytearray:
    """Return the boxes that stay in their places, with nothing inside mdat and idat."""
    cleaned = bytearray(max(box.end for box in top if box.name in KEPT))
    for box in top:
        if box.name in KEPT:
            end = box.body if box.name == b"mdat" else box.end
            cleaned[box.start : end] = content[box.start : end]
        elif box.end <= len(cleaned):
            cleaned[box.start : box.start + NAME_END] = (box.end - box.start).to_bytes(4) + FREE
    return cleaned


def _blank(cleaned: bytearray, box: Box) -> None:
    cleaned[box.start + 4 : box.start + NAME_END] = FREE
    cleaned[box.body : box.end] = bytes(box.end - box.body)


def _blank_notes(cleaned: bytearray, parent: Box) -> None:
    for box in boxes(cleaned, parent.body, parent.end):
        if box.name in NOTES:
            _blank(cleaned, box)
        elif box.name in PARENTS:
            _blank_notes(cleaned, box)


def _blank_item(cleaned: bytearray, item: Item) -> None:
    """Make an item one that no reader knows, and take its name."""
    start = item.type_at + len(FREE)
    cleaned[item.type_at : start] = FREE
    cleaned[start : item.box.end] = bytes(item.box.end - start)


def _fill(
    content: bytes, cleaned: bytearray, places: list[Place], top: list[Box], inside: dict[bytes, Box]
) -> None:
    """Copy the bytes of these items to their places."""
    data = inside.get(b"idat")
    if data:
        cleaned[data.body : data.end] = bytes(data.end - data.body)
        _copy(content, cleaned, _spans(places, FROM_IDAT, data.body, data.end), [data])
    stores = [box for box in top if box.name == b"mdat"]
    _copy(content, cleaned, _spans(places, FROM_FILE, 0, len(content)), stores)


def _fill_sequence(content: bytes, cleaned: bytearray, notes: list[Place], top: list[Box]) -> None:
    """Copy everything but the notes: a sequence's pictures are somewhere among the items' bytes."""
    whole = bytearray(content)
    for start, end in _spans(notes, FROM_FILE, 0, len(content)):
        whole[start:end] = bytes(end - start)
    for store in top:
        if store.name == b"mdat":
            cleaned[store.body : store.end] = whole[store.body : store.end]


def _spans(places: Iterable[Place], method: int, first: int, last: int) -> list[Span]:
    """Return where these items' bytes are, in order, each byte once. Raise ``ImageTruncated``."""
    spans: list[Span] = []
    found = [place for place in places if place.method == method]
    for place in sorted(found, key=lambda place: place.start):
        start, end = first + place.start, last if place.end is None else first + place.end
        if end > last:
            raise ImageTruncated
        start = max(start, spans[-1][1]) if spans else start
        if start < end:
            spans.append((start, end))
    return spans


def _copy(content: bytes, cleaned: bytearray, spans: list[Span], stores: list[Box]) -> None:
    """Copy the spans as far as they are inside the stores."""
    for store in stores:
        for start, end in spans:
            start, end = max(start, store.body), min(end, store.end)
            if start < end:
                cleaned[start:end] = content[start:end]
