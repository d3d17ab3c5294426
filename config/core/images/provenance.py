"""A note in the file that AI made the picture: IPTC's digital source type, in an XMP packet.

The packet goes between the bytes of the provider's picture. Nothing is encoded again, and no pixel changes.
The terms: https://cv.iptc.org/newscodes/digitalsourcetype/. Where a packet belongs in a file: XMP
specification, part 3.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from config.core.images.formats import Format

# A photo of a person and a photo of a garment, put together by a trained model.
SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
PACKET: Final = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
  xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
  xmlns:xmp="http://ns.adobe.com/xap/1.0/"
  Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"
  xmp:CreatorTool="Try-On Studio"/>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>""".encode()

PNG_AFTER_IHDR: Final = 8 + 25
PNG_KEYWORD: Final = b"XML:com.adobe.xmp\0"

JPEG_AFTER_SOI: Final = 2
APP0, APP1 = 0xE0, 0xE1
# What may stand in the head of a JPEG, each with a length: tables, frames, notes. The scan ends it.
JPEG_HEAD: Final = {*range(0xC0, 0xD0), *range(0xDB, 0xFF)} - {0xDA}
JPEG_EXIF: Final = b"Exif\0"
JPEG_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
JPEG_XMP_REST: Final = b"http://ns.adobe.com/xmp/extension/\0"


def with_provenance(content: bytes, form: Format) -> bytes:
    """Return a PNG or JPEG that decodes, with our packet in place of any that was there.

    Takes as much memory again as ``content``, once.
    """
    pieces = _png(content) if form is Format.PNG else _jpeg(content)
    return b"".join(pieces)


def _png(content: bytes) -> Iterator[bytes | memoryview]:
    view = memoryview(content)
    body = PNG_KEYWORD + b"\0\0\0\0" + PACKET  # not compressed, no language, no translated keyword
    yield view[:PNG_AFTER_IHDR]
    yield len(body).to_bytes(4) + b"iTXt" + body + zlib.crc32(b"iTXt" + body).to_bytes(4)
    start = position = PNG_AFTER_IHDR
    while position < len(view):
        end = position + 12 + int.from_bytes(view[position : position + 4])
        if view[position + 4 : position + 8 + len(PNG_KEYWORD)] == b"iTXt" + PNG_KEYWORD:
            yield view[start:position]
            start = end
        position = end
    yield view[start:]


def _jpeg(content: bytes) -> Iterator[bytes | memoryview]:
    """JFIF and EXIF each want to be first, so the packet comes behind them."""
    view = memoryview(content)
    packet = JPEG_XMP + PACKET
    segment = bytes([0xFF, APP1]) + (len(packet) + 2).to_bytes(2) + packet
    start = position = JPEG_AFTER_SOI
    yield view[:start]
    while (end := _jpeg_segment_end(view, position)) is not None and _comes_first(view[position:end]):
        position = end
    yield view[start:position]
    yield segment
    start = position
    while (end := _jpeg_segment_end(view, position)) is not None:
        if _is_xmp(view[position:end]):
            yield view[start:position]
            start = end
        position = end
    yield view[start:]


def _jpeg_segment_end(view: memoryview, position: int) -> int | None:
    """Return the end of the segment at ``position``, or None at the end of the file's head."""
    if view[position] != 0xFF or view[position + 1] not in JPEG_HEAD:
        return None
    return position + 2 + int.from_bytes(view[position + 2 : position + 4])


def _comes_first(segment: memoryview) -> bool:
    return segment[1] == APP0 or (segment[1] == APP1 and bytes(segment[4:9]) == JPEG_EXIF)


def _is_xmp(segment: memoryview) -> bool:
    body = bytes(segment[4 : 4 + len(JPEG_XMP_REST)])
    return segment[1] == APP1 and body.startswith((JPEG_XMP, JPEG_XMP_REST))
