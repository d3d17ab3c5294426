"""Hostile bytes in, clean pictures out. Plain Python on Pillow and libheif; no Django.

``prepare`` takes an upload, ``read_result`` a provider's picture; both raise only ``ImageRefused``.
"""

from config.core.images.compose import lay_on_colour
from config.core.images.errors import (
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
from config.core.images.limits import MAX_RESULT_BYTES, MAX_UPLOAD_BYTES
from config.core.images.memory import return_large_blocks
from config.core.images.pipeline import Picture, PreparedImage, ResultImage, prepare, read_result
from config.core.images.quality import ImageWarning

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
