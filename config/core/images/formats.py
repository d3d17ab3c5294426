"""The formats that we read. The content tells the format, never the name."""

from enum import Enum

from config.core.images.errors import ImageTypeUnsupported

AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
MAX_BRANDS_BYTES = 256


class Format(Enum):
    """One format: file extension, content type, and the most pixels that a picture of it may have.

    200 megapixels is what phones make, as JPEG or HEIC. A JPEG is scaled while it is decoded, and HEIC keeps
    its colours at a quarter of the resolution. The others take 4 to 16 bytes a pixel.
    """

    JPEG = ("jpg", "image/jpeg", 210_000_000)
    PNG = ("png", "image/png", 110_000_000)
    WEBP = ("webp", "image/webp", 64_000_000)
    AVIF = ("avif", "image/avif", 64_000_000)
    HEIC = ("heic", "image/heic", 210_000_000)

    def __init__(self, extension: str, content_type: str, max_pixels: int) -> None:
        self.extension = extension
        self.content_type = content_type
        self.max_pixels = max_pixels


def format_of(content: bytes) -> Format:
    """Return the format of a file. Raise ``ImageTypeUnsupported``."""
    if content.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Format.PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Format.WEBP
    if content[4:8] == b"ftyp":
        return _by_brand(content[8 : min(int.from_bytes(content[:4]), MAX_BRANDS_BYTES)])
    raise ImageTypeUnsupported


def _by_brand(brands: bytes) -> Format:
    """The container alone ("mif1") says nothing about the codec: the compatible brands do."""
    for brand in (brands[:4], *(brands[index : index + 4] for index in range(8, len(brands), 4))):
        if brand in AVIF_BRANDS:
            return Format.AVIF
        if brand in HEIC_BRANDS:
            return Format.HEIC
    raise ImageTypeUnsupported
