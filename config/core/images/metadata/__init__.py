"""A file without its metadata: no place, camera, comment, editing history, thumbnail or appended video.

The bytes of the pixels stay as they are, and so does what shows them right: colour profile, orientation,
transparency. Everything that is not needed for that goes, known or unknown. The decoders get the same bytes,
so that a stored original always shows what was decoded.
"""

from collections.abc import Callable
from typing import Final

from config.core.images.formats import Format
from config.core.images.metadata import heif, jpeg, png, webp
from config.core.images.metadata.cleaned import Cleaned

__all__ = ["Cleaned", "without_metadata"]

REWRITERS: Final[dict[Format, Callable[[bytes], Cleaned]]] = {
    Format.JPEG: jpeg.without_metadata,
    Format.PNG: png.without_metadata,
    Format.WEBP: webp.without_metadata,
    Format.AVIF: heif.without_metadata,
    Format.HEIC: heif.without_metadata,
}


def without_metadata(content: bytes, form: Format) -> Cleaned:
    """Return the file without metadata. Raise ``ImageTruncated``, ``ImageUnreadable``, ``ImageAnimated``."""
    return REWRITERS[form](content)
