"""The two ways in: a photo that somebody uploaded, and a picture that the provider made."""

import hashlib
import threading
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from config.core.images import limits
from config.core.images.colour import to_srgb
from config.core.images.decode import decode, is_invisible
from config.core.images.errors import (
    ImageAnimated,
    ImageBlank,
    ImageMissing,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageTooSmall,
    ImageTypeUnsupported,
)
from config.core.images.headers import Format, Header, read_header
from config.core.images.provenance import PACKET, with_provenance
from config.core.images.quality import ImageWarning, warnings_for

CHUNK_BYTES = 256 * 1024
# The lowest and the highest value of each band of a picture that is white and nothing else.
WHITE = ((255, 255), (255, 255), (255, 255))

# The memory budget holds for one full-size picture in the process. A server has several threads in each.
ONE_AT_A_TIME = threading.Lock()

TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture. ``extension`` without the dot; ``width`` and ``height`` in pixels as shown."""

    content: bytes
    content_type: str
    extension: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """An upload, made safe.

    ``processed``: JPEG, RGB in sRGB, quality 95, long side at most 2,000 pixels, no metadata.
    ``thumbnail``: WebP, long side at most 400 pixels. ``checksum``: SHA-256 of the uploaded bytes, in hex.
    ``source_extension`` and ``source_content_type`` tell what was uploaded, by its content.
    """

    processed: Picture
    thumbnail: Picture
    source_extension: str
    source_content_type: str
    checksum: str
    warnings: tuple[ImageWarning, ...]


@dataclass(frozen=True, slots=True)
class ResultImage:
    """``picture``: the provider's, PNG or JPEG, not encoded again. ``thumbnail``: WebP, at most 400 pixels.

    Both say in their XMP that they were made with AI.
    """

    picture: Picture
    thumbnail: Picture


def prepare(file: BinaryIO) -> PreparedImage:
    """Make an uploaded photo (JPEG, PNG, WebP, AVIF or HEIC, at most 20 MB) ready for use.

    ``file`` is seekable and binary; its position on entry does not matter and is undefined afterwards. Raises
    one of the ``ImageRefused`` errors. The process stays below 240 MB for any upload
    (tests/config/core/images/test_images_memory.py), as threads take turns at decoding.
    """
    checksum = _checksum(file, limits.MAX_UPLOAD_BYTES)
    header = read_header(file)
    _check(header, header.max_pixels)
    if min(header.width, header.height) < limits.MIN_SIDE:
        raise ImageTooSmall(details={"limit": limits.MIN_SIDE, "actual": min(header.width, header.height)})
    image = _render(file, header, limits.PROCESSED_SIDE)
    return PreparedImage(
        processed=_jpeg(image),
        thumbnail=_thumbnail(image),
        source_extension=header.format.extension,
        source_content_type=header.format.content_type,
        checksum=checksum,
        warnings=warnings_for(image),
    )


def read_result(content: bytes) -> ResultImage:
    """Check that a provider's picture (PNG or JPEG, 24 megapixels, 60 MB) decodes to its last pixel.

    The picture that comes out has the same pixels, and its provenance. Raises one of the ``ImageRefused``
    errors.
    """
    file = BytesIO(content)
    _check_size(len(content), limits.MAX_RESULT_BYTES)
    header = read_header(file)
    if header.format not in {Format.PNG, Format.JPEG}:
        raise ImageTypeUnsupported
    _check(header, min(header.max_pixels, limits.MAX_RESULT_PIXELS))
    small = _render(file, header, limits.THUMBNAIL_SIDE)
    # What is transparent is white by now: only a white picture is worth the second look.
    if small.getextrema() == WHITE and is_invisible(file):
        raise ImageBlank
    thumbnail = _thumbnail(small, xmp=PACKET)
    form = header.format
    marked = with_provenance(content, form)
    return ResultImage(
        Picture(marked, form.content_type, form.extension, header.width, header.height), thumbnail
    )


def _check_size(size: int, limit: int) -> None:
    if size == 0:
        raise ImageMissing
    if size > limit:
        raise ImageTooLarge(details={"limit": limit, "actual": size})


def _checksum(file: BinaryIO, limit: int) -> str:
    """Return the SHA-256 in hex of a file of at most ``limit`` bytes, read in pieces."""
    _check_size(file.seek(0, 2), limit)
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _check(header: Header, max_pixels: int) -> None:
    if header.animated:
        raise ImageAnimated
    pixels = header.width * header.height
    if pixels > max_pixels:
        details = {"limit": max_pixels, "actual": pixels, "width": header.width, "height": header.height}
        raise ImageTooManyPixels(details=details)


def _render(file: BinaryIO, header: Header, side: int) -> Image.Image:
    """Return the upright picture as RGB in sRGB, without metadata, at most ``side`` pixels long."""
    with ONE_AT_A_TIME:
        decoded = decode(file, header, side)
        image = to_srgb(_fit(decoded.image, side), decoded.profile)
        turn = TRANSPOSE.get(decoded.orientation)
        image = image.transpose(turn) if turn is not None else image
    image.info.clear()  # Pillow would write an EXIF block or a comment from here into the new file
    return image


def _fit(image: Image.Image, side: int) -> Image.Image:
    if max(image.size) <= side:
        return image
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image) -> Picture:
    """No ICC profile: a picture without one is sRGB to every browser and model, and this one is sRGB.

    Full colour resolution (4:4:4): the default smears red print on dark cloth, which is what a shop sells.
    """
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling="4:4:4")
    return Picture(buffer.getvalue(), "image/jpeg", "jpg", *image.size)


def _thumbnail(image: Image.Image, *, xmp: bytes = b"") -> Picture:
    small = image.copy()
    small.thumbnail((limits.THUMBNAIL_SIDE, limits.THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    small.save(buffer, "WEBP", quality=80, xmp=xmp)
    return Picture(buffer.getvalue(), "image/webp", "webp", *small.size)
