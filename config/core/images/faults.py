"""Decoders' errors as refusals, and the limit of memory that some of them come from."""

import math
import resource
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from config.core.images.errors import (
    ImageMemoryExceeded,
    ImageTooManyPixels,
    ImageTruncated,
    ImageUnreadable,
)
from config.core.images.formats import Format

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

WEBP_PIXEL_BYTES = 16


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
