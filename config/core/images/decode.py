"""From a file to pixels that are few enough to work on.

Order decides the cost. A JPEG is shrunk inside the decoder, everything else strip by strip, so that no second
full-size copy exists: 48 megapixels are 192 MB in Pillow, which stores RGB in four bytes. Colour and rotation
come last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO

from PIL import ExifTags, Image, ImageChops, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from config.core.images import libheif, libvips, png_notes
from config.core.images.errors import ImageAnimated, ImageTruncated, ImageUnreadable
from config.core.images.faults import faults_as_refusals
from config.core.images.formats import Format
from config.core.images.metadata import Cleaned
from config.core.images.metadata.jpeg import filled
from config.core.images.profiles import Colours
from config.core.images.shrink import is_plain, plain, reduced

type Check = Callable[[int, int], None]

# Named, and not found by Pillow: a file that is a JPEG and a TIFF at once stays a JPEG.
READERS: dict[Format, type[ImageFile.ImageFile]] = {
    Format.JPEG: JpegImageFile,
    Format.PNG: PngImageFile,
    Format.WEBP: WebPImageFile,
    Format.AVIF: AvifImageFile,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture of few enough pixels, and the stored size of the whole one.

    ``image``: mode L, RGB or CMYK, alpha already laid on white, long side below twice the asked one.
    ``colours``: its ICC profile, embedded or stated by numbers. ``orientation``: EXIF's 1 to 8, still to be
    applied.
    """

    image: Image.Image
    colours: Colours
    orientation: int
    width: int
    height: int


def decode(cleaned: Cleaned, form: Format, side: int, check: Check) -> Decoded:
    """Decode every pixel. Pictures of more pixels are shrunk on the way, to a long side of ``side`` or more.

    ``check`` is called with the width and height that the header states, before anything is decoded. Raise
    ``ImageUnreadable`` and other refusals, among them ``ImageAnimated`` for a file of several pictures.
    """
    content = cleaned.content
    with faults_as_refusals():
        if form is Format.HEIC:
            return _decode_heic(content, side, check)
        if form is Format.AVIF:
            return _decode_avif(content, side, check)
        if not cleaned.has_end:
            return _decode_without_end(content, form, side, check)
        return _decode_with_pillow(content, form, side, check)


def _decode_heic(content: bytes, side: int, check: Check) -> Decoded:
    picture = libheif.open_picture(content)
    check(*picture.size)
    with faults_as_refusals(picture.size[0] * picture.size[1]):
        size, rows = libheif.decoded(picture)
    # libheif applies the rotation itself; EXIF's value is then history.
    return Decoded(reduced(size, rows, side), libheif.colours_of(picture), 1, *size)


def _decode_avif(content: bytes, side: int, check: Check) -> Decoded:
    """Some encoders leave out what libavif insists on, and libheif does not miss it."""
    try:
        with faults_as_refusals():
            return _decode_with_pillow(content, Format.AVIF, side, check)
    except ImageUnreadable as refused:
        size, rows = libvips.opened(content, refused)
        check(*size)
        return Decoded(reduced(size, rows, side), libheif.stated_colours(content), 1, *size)


def _decode_without_end(content: bytes, form: Format, side: int, check: Check) -> Decoded:
    """Decode it twice, with other bytes where its end is missing, to tell if only that is missing."""
    first, second = (_decode_with_pillow(version, form, side, check) for version in filled(content))
    if ImageChops.difference(first.image, second.image).getbbox() is not None:
        raise ImageTruncated
    return first


def _decode_with_pillow(content: bytes, form: Format, side: int, check: Check) -> Decoded:
    with READERS[form](BytesIO(content)) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ImageAnimated
        width, height = image.size
        check(width, height)
        if isinstance(image, JpegImageFile):
            scale = max(1, max(width, height) // side)
            # Scaled inside the inverse DCT, to 1/2, 1/4 or 1/8: never below the size asked for.
            image.draft(None, (width // scale, height // scale))
        with faults_as_refusals(width * height):
            image.load()
            if form is Format.PNG:
                png_notes.correct_transparency(image, content)
            whole = is_plain(image) and max(image.size) < 2 * side
            shrunk: Image.Image = image if whole else reduced(image.size, partial(_rows, image), side)
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        colours = _colours(image, content, form)
    turn = orientation if orientation in range(1, 9) else 1
    return Decoded(shrunk, colours, turn, width, height)


def _rows(image: Image.Image, top: int, bottom: int) -> Image.Image:
    return plain(image.crop((0, top, image.width, bottom)))


def _colours(image: Image.Image, content: bytes, form: Format) -> Colours:
    if profile := image.info.get("icc_profile"):
        return Colours(profile)
    if form is Format.AVIF:
        return libheif.stated_colours(content)
    if form is Format.PNG:
        return png_notes.stated_colours(image, content)
    return Colours()
