"""AVIF by the libheif that comes with libvips: the one with pillow-heif has no decoder for it."""

from collections.abc import Callable

from PIL import Image

from config.core.images.errors import ImageUnreadable
from config.core.images.shrink import plain

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}

type Rows = Callable[[int, int], Image.Image]


def opened(content: bytes, refused: ImageUnreadable) -> tuple[tuple[int, int], Rows]:
    """Return the size, and a function for rows. Raise ``refused`` if libheif refuses the picture, too."""
    import pyvips

    try:
        image = pyvips.Image.new_from_buffer(content, "")
        image = image.colourspace("srgb") if image.format == "ushort" else image
    except pyvips.Error as error:
        raise refused from error
    mode = MODES[image.bands]

    def rows(top: int, bottom: int) -> Image.Image:
        try:
            strip = image.crop(0, top, image.width, bottom - top).write_to_memory()
        except pyvips.Error as error:
            raise refused from error
        return plain(Image.frombytes(mode, (image.width, bottom - top), strip))

    return (image.width, image.height), rows
