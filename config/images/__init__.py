"""Hostile bytes in, clean pictures out. Plain Python on Pillow and libheif; no Django.

``prepare`` takes an upload, ``read_result`` a provider's picture; both raise only ``ImageRefused``.
"""

from config.images.compose import lay_on_colour
from config.images.errors import (
    ImageAnimated,
    ImageBlank,
    ImageMissing,
    ImageRefused,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageTooSmall,
    ImageTruncated,
    ImageTypeUnsupported,
    ImageUnreadable,
)
from config.images.limits import MAX_RESULT_BYTES, MAX_UPLOAD_BYTES
from config.images.memory import return_large_blocks
from config.images.pipeline import Picture, PreparedImage, ResultImage, prepare, read_result
from config.images.quality import ImageWarning

__all__ = [
    "MAX_RESULT_BYTES",
    "MAX_UPLOAD_BYTES",
    "ImageAnimated",
    "ImageBlank",
    "ImageMissing",
    "ImageRefused",
    "ImageTooLarge",
    "ImageTooManyPixels",
    "ImageTooSmall",
    "ImageTruncated",
    "ImageTypeUnsupported",
    "ImageUnreadable",
    "ImageWarning",
    "Picture",
    "PreparedImage",
    "ResultImage",
    "lay_on_colour",
    "prepare",
    "read_result",
]

return_large_blocks()
