"""The one note in a file's metadata that changes how its picture is shown."""

import warnings

from PIL import ExifTags, Image

from config.core.images.faults import DECODER_FAULTS


def orientation_of(exif: bytes | None, xmp: bytes | None) -> int:
    """Return EXIF's orientation, 1 to 8, or else XMP's; 1 for none. ``exif`` begins with its TIFF header."""
    carrier = Image.Image()
    if exif:
        carrier.info["exif"] = b"Exif\0\0" + exif
    if xmp:
        carrier.info["xmp"] = xmp
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other notes may be damaged: they go anyway
            value = carrier.getexif().get(ExifTags.Base.Orientation, 1)
    except DECODER_FAULTS:
        return 1
    return value if value in range(2, 9) else 1


def exif_of(orientation: int) -> bytes:
    """Return EXIF that says only this, beginning with its TIFF header."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes().removeprefix(b"Exif\0\0")
