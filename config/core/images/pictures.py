"""The products of the pipeline."""

from dataclasses import dataclass

from config.core.images.errors import _
from config.core.images.formats import Format


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture. ``width`` and ``height`` in pixels as shown."""

    content: bytes
    format: Format
    width: int
    height: int

    @property
    def content_type(self) -> str:
        return self.format.content_type

    @property
    def extension(self) -> str:
        """The file extension, without the dot."""
        return self.format.extension


@dataclass(frozen=True, slots=True)
class ImageWarning:
    """``code`` is stable; ``message`` is English, marked for translation; ``photo``: the id of another."""

    code: str
    message: str
    photo: str = ""


SMALL = ImageWarning(
    "image_small", _("The photo is small, so details may be lost. Send a larger one if you have it.")
)
BLURRED = ImageWarning("image_blurred", _("The photo looks blurred. A sharper one gives a better result."))
DARK = ImageWarning("image_dark", _("The photo looks dark. One with more light gives a better result."))
NARROW = ImageWarning(
    "image_narrow",
    _("The photo is more than eight times as long as it is wide. Cut it to the garment or the person."),
)
HDR = ImageWarning(
    "image_hdr",
    _("The photo is HDR, so its tones were converted. Send one without HDR if the colours look wrong."),
)
# These two come from a look at the photos that are stored already.
DUPLICATE = ImageWarning(
    "image_duplicate", _("This product already has this photo. You can use the stored one.")
)
SIMILAR = ImageWarning(
    "image_similar", _("The library has a photo that looks the same. Check that you need both.")
)
WARNINGS = {warning.code: warning for warning in (SMALL, BLURRED, DARK, NARROW, HDR)}


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """An upload, made safe.

    ``processed``: JPEG, RGB in sRGB, quality 95, long side at most 2,000 pixels, no metadata.
    ``thumbnail``: WebP, long side at most 400 pixels. ``source``: the format of the upload, by its content.
    ``checksum``: SHA-256 of the uploaded bytes, in hex. ``fingerprint``: see ``likeness``.
    """

    processed: Picture
    thumbnail: Picture
    source: Format
    checksum: str
    fingerprint: str
    warnings: tuple[ImageWarning, ...]


@dataclass(frozen=True, slots=True)
class ResultImage:
    """``picture``: the provider's, PNG or JPEG, not encoded again. ``thumbnail``: WebP, at most 400 pixels.

    Both say in their XMP that they were made with AI.
    """

    picture: Picture
    thumbnail: Picture
