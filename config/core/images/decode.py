"""From a file to pixels that are few enough to work on.

Order decides the cost. A JPEG is shrunk inside the decoder, everything else strip by strip, so that no second
full-size copy exists: 48 megapixels are 192 MB in Pillow, which stores RGB in four bytes. Colour and rotation
come last.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from typing import Any, BinaryIO

import pillow_heif
from PIL import ExifTags, Image

from config.core.images.errors import ImageAnimated, ImageUnreadable
from config.core.images.headers import Format, Header
from config.core.images.splice import SplicedFile

# What Pillow's and libheif's decoders raise on hostile bytes, as found by fuzzing. Warning: Pillow warns of
# corrupt metadata, and a process may run with warnings as errors.
DECODER_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MemoryError,
    Warning,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

STRIP_ROWS = 256


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture of few enough pixels.

    ``image``: mode L, RGB or CMYK, alpha already laid on white, long side below twice the asked one.
    ``profile``: the embedded ICC profile. ``orientation``: EXIF's 1 to 8, still to be applied.
    """

    image: Image.Image
    profile: bytes | None
    orientation: int


def decode(file: BinaryIO, header: Header, side: int) -> Decoded:
    """Decode every pixel. Pictures of more pixels are shrunk on the way, to a long side of ``side`` or more.

    Raises ``ImageUnreadable``, or ``ImageAnimated`` for a file of several pictures.
    """
    try:
        if header.format is Format.HEIC:
            return _decode_heic(file, side)
        return _decode_with_pillow(file, header, side)
    except DECODER_FAULTS as error:
        raise ImageUnreadable from error


def _decode_with_pillow(file: BinaryIO, header: Header, side: int) -> Decoded:
    shown = BufferedReader(SplicedFile(file, header.pieces))
    # One decoder, named: a file that is a JPEG and a TIFF at once stays a JPEG.
    with Image.open(shown, formats=[header.format.decoder]) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ImageAnimated
        if image.size[0] * image.size[1] > header.width * header.height:
            raise ImageUnreadable
        width, height = image.size
        if header.format is Format.JPEG:
            scale = max(1, max(width, height) // side)
            # Scaled inside the inverse DCT, to 1/2, 1/4 or 1/8: never below the size asked for.
            image.draft(None, (width // scale, height // scale))
        image.load()
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        profile = image.info.get("icc_profile")
        whole = _is_plain(image) and max(image.size) < 2 * side
        shrunk: Image.Image = image if whole else _reduced(image.size, partial(_rows, image), side)
    return Decoded(shrunk, profile or None, orientation if orientation in range(1, 9) else 1)


def _rows(image: Image.Image, top: int, bottom: int) -> Image.Image:
    return _plain(image.crop((0, top, image.width, bottom)))


def is_invisible(file: BinaryIO) -> bool:
    """Whether each pixel of a PNG or JPEG that decodes is transparent. Takes 4 bytes a pixel."""
    file.seek(0)
    with Image.open(file, formats=["PNG", "JPEG"]) as image:
        return image.has_transparency_data and image.convert("RGBA").getbbox() is None


def _decode_heic(file: BinaryIO, side: int) -> Decoded:
    """Read libheif's own buffer in strips: Pillow's plugin would hold a second copy of every pixel."""
    file.seek(0)
    # remove_stride copies the buffer. libheif applies the rotation itself; EXIF's value is then history.
    container = pillow_heif.open_heif(file, convert_hdr_to_8bit=True, remove_stride=False)
    picture = container[container.primary_index]
    info: dict[str, Any] = picture.info
    _refuse_several(len(container), container.primary_index, info.get("entity_groups", []))
    data = memoryview(picture.data)  # decodes; mode, size and stride are final only now
    mode, (width, height), stride = picture.mode, picture.size, picture.stride

    def rows(top: int, bottom: int) -> Image.Image:
        strip = data[top * stride : bottom * stride]
        return _plain(Image.frombytes(mode, (width, bottom - top), strip, "raw", mode, stride))

    return Decoded(_reduced((width, height), rows, side), info.get("icc_profile"), orientation=1)


def _refuse_several(count: int, primary: int, groups: list[dict[str, Any]]) -> None:
    """Thumbnails, depth and gain maps do not count as pictures; an HDR rendition shares an "altr" group."""
    alternatives = {
        index
        for group in groups
        if group["type"] == "altr" and primary in group["images"]
        for index in group["images"]
    }
    if set(range(count)) - alternatives - {primary}:
        raise ImageAnimated


def _reduced(size: tuple[int, int], rows: Callable[[int, int], Image.Image], side: int) -> Image.Image:
    """Average whole blocks of pixels, strip by strip; the long side stays at ``side`` pixels or more."""
    width, height = size
    factor = max(1, max(width, height) // side)
    step = factor * max(1, STRIP_ROWS // factor)
    strips = (rows(top, min(top + step, height)).reduce(factor) for top in range(0, height, step))
    first = next(strips)
    whole = Image.new(first.mode, (first.width, -(-height // factor)))
    whole.paste(first)
    for index, strip in enumerate(strips, start=1):
        whole.paste(strip, (0, index * step // factor))
    return whole


def _is_plain(image: Image.Image) -> bool:
    return image.mode in {"L", "RGB", "CMYK"} and "transparency" not in image.info


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture as L, RGB or CMYK, laid on white where it is transparent."""
    if _is_plain(image):
        return image
    if image.mode.startswith("I"):
        # Greyscale of 16 bits: the upper byte. A transparent grey value, which nobody writes, is left as it
        # is.
        return image.point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        return _on_white(image if image.mode in {"LA", "RGBA"} else image.convert("RGBA"))
    return image.convert("L" if image.mode == "1" else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    # Before averaging: the colour under a transparent pixel must not bleed into its neighbours.
    colour = image.mode.removesuffix("A")
    white = Image.new(colour, image.size, "white")
    white.paste(image.convert(colour), mask=image.getchannel("A"))
    return white
