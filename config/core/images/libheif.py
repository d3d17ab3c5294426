"""HEIC by libheif, through pillow-heif, and the colours that HEIC and AVIF state."""

from collections.abc import Callable
from typing import Any

import pillow_heif
from PIL import Image

from config.core.images.errors import ImageAnimated
from config.core.images.faults import DECODER_FAULTS
from config.core.images.profiles import Colours, colours_of_codes
from config.core.images.shrink import plain

# Groups of pictures that show the same: renditions such as HDR, and what the other eye sees.
ALTERNATIVES = {"altr", "ster"}

type Rows = Callable[[int, int], Image.Image]


def open_picture(content: bytes) -> Any:
    """Return the primary picture, not decoded yet. Raise ``ImageAnimated`` for a file of several."""
    # remove_stride would copy the buffer.
    container = pillow_heif.open_heif(content, convert_hdr_to_8bit=True, remove_stride=False)
    picture = container[container.primary_index]
    info: dict[str, Any] = picture.info
    _refuse_several(len(container), container.primary_index, info.get("entity_groups", []))
    return picture


def decoded(picture: Any) -> tuple[tuple[int, int], Rows]:
    """Return the size, and a function for rows of libheif's own buffer.

    Pillow's plugin would hold a second copy of every pixel.
    """
    data = memoryview(picture.data)  # decodes; mode, size and stride are final only now
    mode, (width, height), stride = picture.mode, picture.size, picture.stride

    def rows(top: int, bottom: int) -> Image.Image:
        strip = data[top * stride : bottom * stride]
        return plain(Image.frombytes(mode, (width, bottom - top), strip, "raw", mode, stride))

    return (width, height), rows


def colours_of(picture: Any) -> Colours:
    """Return the ICC profile that is embedded, or else the one for the codes that are stated."""
    if profile := picture.info.get("icc_profile"):
        return Colours(profile)
    codes = picture.info.get("nclx_profile") or {}
    return colours_of_codes(codes.get("color_primaries", 0), codes.get("transfer_characteristics", 0))


def stated_colours(content: bytes) -> Colours:
    """Return the colours of a file that another library decodes. One that libheif can't read states none."""
    try:
        container = pillow_heif.open_heif(content)
        return colours_of(container[container.primary_index])
    except DECODER_FAULTS:
        return Colours()


def _refuse_several(count: int, primary: int, groups: list[dict[str, Any]]) -> None:
    """Thumbnails, depth and gain maps do not count as pictures."""
    alternatives = {
        index
        for group in groups
        if group["type"] in ALTERNATIVES and primary in group["images"]
        for index in group["images"]
    }
    if set(range(count)) - alternatives - {primary}:
        raise ImageAnimated
