"""From a file to pixels that are few enough to work on.

Order decides the cost. A JPEG is shrunk inside the decoder, everything else strip by strip, so that no second
full-size copy exists: 48 megapixels are 192 MB in Pillow, which stores RGB in four bytes. Colour and rotation
come last.
"""

import math
import resource
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import ExifTags, Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from config.core.images.errors import (
    ImageAnimated,
    ImageMemoryExceeded,
    ImageTooManyPixels,
    ImageTruncated,
    ImageUnreadable,
)
from config.core.images.formats import Format, require_end

# The errors that Pillow's and libheif's decoders raise on hostile bytes, as found by fuzzing. Pillow warns of
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
# Their words for the reasons, in lower case: libjpeg, libpng and libwebp through Pillow, libavif, libheif.
OUT_OF_MEMORY = ("out of memory", "allocating")
TRUNCATED = ("truncated data", "end of file")
# Out of memory, some say only that they failed. A picture that may have needed more than there was gets that
# reason, by the bytes a pixel of the dearest kind: HEIC of 10 bits with an alpha channel at full colour.
DEAREST_PIXEL_BYTES = 20

STRIP_ROWS = 256


# The scans of a JPEG: cameras write 20 at most. A file of 20 MB can hold 100,000, over the same pixels.
MAX_SCANS = 100
SCAN, END = b"\xff\xda", b"\xff\xd9"

# Named, and not found by Pillow: a file that is a JPEG and a TIFF at once stays a JPEG, and the first picture
# of a JPEG of several (a phone's gain map, a motion photo) is the photo.
READERS: dict[Format, type[ImageFile.ImageFile]] = {
    Format.JPEG: JpegImageFile,
    Format.PNG: PngImageFile,
    Format.WEBP: WebPImageFile,
    Format.AVIF: AvifImageFile,
}
WEBP_PIXEL_BYTES = 16


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture of few enough pixels, and the stored size of the whole one.

    ``image``: mode L, RGB or CMYK, alpha already laid on white, long side below twice the asked one.
    ``profile``: the embedded ICC profile. ``orientation``: EXIF's 1 to 8, still to be applied.
    """

    image: Image.Image
    profile: bytes | None
    orientation: int
    width: int
    height: int


def decode(content: bytes, form: Format, side: int, check: Callable[[int, int], None]) -> Decoded:
    """Decode every pixel. Pictures of more pixels are shrunk on the way, to a long side of ``side`` or more.

    ``check`` is called with the width and height that the header states, before anything is decoded. Raises
    ``ImageUnreadable`` and other refusals, among them ``ImageAnimated`` for a file of several pictures.
    """
    require_end(content, form)
    with faults_as_refusals():
        if form is Format.HEIC:
            return _decode_heic(content, side, check)
        return _decode_with_pillow(content, form, side, check)


@contextmanager
def faults_as_refusals(pixels: int = 0) -> Iterator[None]:
    """Turn what decoders raise at a picture of this many pixels into refusals."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise ImageTooManyPixels(details={"limit": 2 * (Image.MAX_IMAGE_PIXELS or 0)}) from error
    except DECODER_FAULTS as error:
        text = str(error).lower()
        if any(word in text for word in TRUNCATED):
            raise ImageTruncated from error
        plain = isinstance(error, MemoryError) or any(word in text for word in OUT_OF_MEMORY)
        if plain or pixels * DEAREST_PIXEL_BYTES > memory_limit():
            raise ImageMemoryExceeded from error
        raise ImageUnreadable from error


def limit_memory(megabytes: int) -> None:
    """Let this process have no more memory than that."""
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
    # Pillow looks at a WebP's size before its decoder makes the canvases, and refuses twice this number.
    Image.MAX_IMAGE_PIXELS = min(Format.WEBP.max_pixels, (megabytes << 20) // WEBP_PIXEL_BYTES) // 2


def memory_limit() -> float:
    """Return how many bytes this process may use."""
    limit = resource.getrlimit(resource.RLIMIT_DATA)[0]
    return math.inf if limit == resource.RLIM_INFINITY else limit


def _decode_with_pillow(
    content: bytes, form: Format, side: int, check: Callable[[int, int], None]
) -> Decoded:
    file = BytesIO(content)
    with READERS[form](file) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ImageAnimated
        width, height = image.size
        check(width, height)
        if isinstance(image, JpegImageFile):
            _check_scans(content, file.tell())
            scale = max(1, max(width, height) // side)
            # Scaled inside the inverse DCT, to 1/2, 1/4 or 1/8: never below the size asked for.
            image.draft(None, (width // scale, height // scale))
        with faults_as_refusals(width * height):
            image.load()
            whole = _is_plain(image) and max(image.size) < 2 * side
            shrunk: Image.Image = image if whole else _reduced(image.size, partial(_rows, image), side)
        if form is Format.AVIF:
            image.info.pop("xmp", None)  # an AVIF is turned by its own properties, not by a note in its XMP
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        profile = image.info.get("icc_profile")
    turn = orientation if orientation in range(1, 9) else 1
    return Decoded(shrunk, profile or None, turn, width, height)


def _check_scans(content: bytes, start: int) -> None:
    """Refuse a JPEG without its end, which the decoder does not miss, or with very many scans."""
    end = content.find(END, start)
    if end < 0:
        raise ImageTruncated
    if content.count(SCAN, start, end) >= MAX_SCANS:
        raise ImageUnreadable


def _rows(image: Image.Image, top: int, bottom: int) -> Image.Image:
    return _plain(image.crop((0, top, image.width, bottom)))


def is_invisible(content: bytes, form: Format) -> bool:
    """Return whether each pixel of a PNG or JPEG that decodes is transparent. Takes 4 bytes a pixel."""
    with READERS[form](BytesIO(content)) as image:
        return image.has_transparency_data and image.convert("RGBA").getbbox() is None


def _decode_heic(content: bytes, side: int, check: Callable[[int, int], None]) -> Decoded:
    """Read libheif's own buffer in strips: Pillow's plugin would hold a second copy of every pixel."""
    # remove_stride copies the buffer. libheif applies the rotation itself; EXIF's value is then history.
    container = pillow_heif.open_heif(content, convert_hdr_to_8bit=True, remove_stride=False)
    picture = container[container.primary_index]
    info: dict[str, Any] = picture.info
    _refuse_several(len(container), container.primary_index, info.get("entity_groups", []))
    check(*picture.size)
    with faults_as_refusals(picture.size[0] * picture.size[1]):
        data = memoryview(picture.data)  # decodes; mode, size and stride are final only now
    mode, (width, height), stride = picture.mode, picture.size, picture.stride

    def rows(top: int, bottom: int) -> Image.Image:
        strip = data[top * stride : bottom * stride]
        return _plain(Image.frombytes(mode, (width, bottom - top), strip, "raw", mode, stride))

    shrunk = _reduced((width, height), rows, side)
    return Decoded(shrunk, info.get("icc_profile"), 1, width, height)


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
