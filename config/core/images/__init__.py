"""Hostile bytes in, clean pictures out. Plain Python on Pillow and libheif; no Django.

``prepare`` takes an upload, ``read_result`` a provider's picture, ``lay_on_colour`` a cut-out,
``find_doubts`` a stored result. They raise only ``ImageRefused`` and ``ImagesBusy``. Child processes with
limits decode the pictures. This process sees only the bytes.
"""

from config.core.images.children import CHILDREN, Wall
from config.core.images.doors import clean, find_doubts, lay_on_colour, prepare, read_result
from config.core.images.errors import (
    ImageAnimated,
    ImageBlank,
    ImageDecoderFailed,
    ImageMemoryExceeded,
    ImageMissing,
    ImageRefused,
    ImagesBusy,
    ImageTimeExceeded,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageTooSmall,
    ImageTruncated,
    ImageTypeUnsupported,
    ImageUnreadable,
)
from config.core.images.likeness import is_alike
from config.core.images.limits import MAX_RESULT_BYTES, MAX_UPLOAD_BYTES
from config.core.images.pictures import (
    DUPLICATE,
    SIMILAR,
    WARNINGS,
    ImageWarning,
    Picture,
    PreparedImage,
    ResultImage,
)
from config.core.images.provenance import SOURCE_TYPE

__all__ = [
    "CHILDREN",
    "DUPLICATE",
    "MAX_RESULT_BYTES",
    "MAX_UPLOAD_BYTES",
    "SIMILAR",
    "SOURCE_TYPE",
    "WARNINGS",
    "ImageAnimated",
    "ImageBlank",
    "ImageDecoderFailed",
    "ImageMemoryExceeded",
    "ImageMissing",
    "ImageRefused",
    "ImageTimeExceeded",
    "ImageTooLarge",
    "ImageTooManyPixels",
    "ImageTooSmall",
    "ImageTruncated",
    "ImageTypeUnsupported",
    "ImageUnreadable",
    "ImageWarning",
    "ImagesBusy",
    "Picture",
    "PreparedImage",
    "ResultImage",
    "Wall",
    "clean",
    "find_doubts",
    "is_alike",
    "lay_on_colour",
    "prepare",
    "read_result",
]
