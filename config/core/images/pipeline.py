"""The work of a child on one picture. It raises refusals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from itertools import accumulate
from typing import Any

from PIL import Image

from config.core.images import limits
from config.core.images.colour import to_srgb
from config.core.images.decode import Decoded, decode
from config.core.images.errors import ImageBlank, ImageTooManyPixels, ImageTooSmall, ImageTypeUnsupported
from config.core.images.faults import faults_as_refusals
from config.core.images.formats import Format, format_of
from config.core.images.likeness import fingerprint
from config.core.images.metadata import Cleaned, without_metadata
from config.core.images.pictures import HDR, Picture
from config.core.images.provenance import PACKET, with_provenance
from config.core.images.quality import warnings_for

# Steps of 255. A picture whose values differ by no more shows nothing. WebP spreads a single colour that far.
ONE_COLOUR = 8
# A few pixels tell of nearly every picture that it shows something.
SAMPLE_SIDE = 16

TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


type Work = tuple[dict[str, Any], list[Picture]]
"""Facts in JSON values, and the finished pictures."""


def prepare(content: bytes, *, original: bool) -> Work:
    """Make the processed copy and the thumbnail of an upload, and the original without its metadata if asked.

    The original comes first.
    """
    form = format_of(content)
    cleaned = without_metadata(content, form)
    rendered = _render(cleaned, form, limits.PROCESSED_SIDE, partial(_check_upload, form))
    warnings = [*warnings_for(rendered.image), *[HDR] * rendered.colours.is_hdr]
    small = _small(rendered.image)
    pictures = [_jpeg(rendered.image), _webp(small)]
    if original:
        pictures.insert(0, Picture(cleaned.content, form, rendered.width, rendered.height))
    facts = {
        "source": form.name,
        "warnings": [warning.code for warning in warnings],
        "fingerprint": fingerprint(small),
    }
    return facts, pictures


def clean(content: bytes) -> Work:
    """Return the file without its metadata. Its pixels are not looked at."""
    form = format_of(content)
    return {}, [Picture(without_metadata(content, form).content, form, 0, 0)]


def read_result(content: bytes) -> Work:
    """Check a provider's picture; give it and its thumbnail their provenance."""
    form = format_of(content)
    if form not in {Format.PNG, Format.JPEG}:
        raise ImageTypeUnsupported
    check = partial(_check_pixels, limits.MAX_RESULT_PIXELS)
    rendered = _render(without_metadata(content, form), form, limits.THUMBNAIL_SIDE, check)
    with faults_as_refusals():
        marked = with_provenance(content, form)
    picture = Picture(marked, form, rendered.width, rendered.height)
    return {}, [picture, _webp(_small(rendered.image), xmp=PACKET)]


def measure(content: bytes, sizes: Sequence[int], *, other_background: bool) -> Work:
    """Return the doubts about a result: its small copy, that of the model photo and perhaps the garment's.

    ``content`` has them one after the other, and ``sizes`` their bytes.
    """
    from config.core.images.doubts import doubts  # NumPy: not for children that never measure

    ends = [*accumulate(sizes)]
    files = [content[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    try:
        result = _small_copy(files[0])
    except ImageBlank:
        return {"doubts": [{"name": "blank", "score": 1.0}]}, []
    model, *garments = [_small_copy(file) for file in files[1:]]
    garment = garments[0] if garments else None
    return {"doubts": doubts(result, model, garment, other_background=other_background)}, []


def _small_copy(content: bytes) -> Image.Image:
    form = format_of(content)
    check = partial(_check_pixels, limits.MAX_RESULT_PIXELS)
    return _render(without_metadata(content, form), form, limits.THUMBNAIL_SIDE, check).image


def _check_upload(form: Format, width: int, height: int) -> None:
    _check_pixels(form.max_pixels, width, height)
    if min(width, height) < limits.MIN_SIDE:
        raise ImageTooSmall(details={"limit": limits.MIN_SIDE, "actual": min(width, height)})


def _check_pixels(limit: int, width: int, height: int) -> None:
    pixels = width * height
    if pixels > limit:
        details = {"limit": limit, "actual": pixels, "width": width, "height": height}
        raise ImageTooManyPixels(details=details)


def _render(cleaned: Cleaned, form: Format, side: int, check: Callable[[int, int], None]) -> Decoded:
    """Return the upright picture as RGB in sRGB, without metadata, at most ``side`` pixels long.

    Raise ``ImageBlank`` for one that shows nothing.
    """
    decoded = decode(cleaned, form, side, check)
    _refuse_blank(decoded.image)
    image = to_srgb(_fit(decoded.image, side), decoded.colours.profile)
    turn = TRANSPOSE.get(decoded.orientation)
    image = image.transpose(turn) if turn is not None else image
    image.info.clear()  # Pillow would write an EXIF block or a comment from here into the new file
    return replace(decoded, image=image, orientation=1)


def _refuse_blank(image: Image.Image) -> None:
    """A transparent picture is white by now."""
    sample = image.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.NEAREST)
    if _is_one_colour(sample) and _is_one_colour(image):
        raise ImageBlank


def _is_one_colour(image: Image.Image) -> bool:
    # Typed as if a band could have several, too.
    extrema: list[Any] = [band.getextrema() for band in image.split()]
    return all(high - low <= ONE_COLOUR for low, high in extrema)


def _fit(image: Image.Image, side: int) -> Image.Image:
    """Shrink to the wanted size, by less than half: the decoder has done the rest.

    Bicubic: for so little it stays within 41 dB of Lanczos at three quarters of its time, and JPEG at quality
    95 loses as much.
    """
    if max(image.size) <= side:
        return image  # resize() would copy it
    return image.resize(_within(side, image.size), Image.Resampling.BICUBIC)


def _within(side: int, size: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a picture whose long side is at most ``side``; none is enlarged."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _jpeg(image: Image.Image) -> Picture:
    """No ICC profile: a picture without one is sRGB to every browser and model, and this one is sRGB.

    Full colour resolution (4:4:4): the default smears red print on dark cloth, which is what a shop sells.
    """
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling="4:4:4")
    return Picture(buffer.getvalue(), Format.JPEG, *image.size)


def _small(image: Image.Image) -> Image.Image:
    size = _within(limits.THUMBNAIL_SIDE, image.size)
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)


def _webp(image: Image.Image, *, xmp: bytes = b"") -> Picture:
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=80, xmp=xmp)
    return Picture(buffer.getvalue(), Format.WEBP, *image.size)
