"""Lay a cut-out on a colour."""

from io import BytesIO
from typing import Final

from PIL import Image, ImageFilter

from config.core.images.formats import Format
from config.core.images.pictures import Picture
from config.core.images.pipeline import Work, read_result

# The widest soft edge, in pixels. Wider ones, such as a veil, keep their colours.
EDGE: Final = 3
# Of 255: what counts as the person alone, and how much of that must be near to tell an edge's colour by. With
# less of it the colour would be off by more than 4 steps of 255, for it is divided by that share.
SOLID, SUPPORT = 250, 32
# Rows worked on at a time: a cut-out of 24 megapixels has 96 MB, and this needs several copies.
STRIP: Final = 512


def lay_on_colour(cutout: bytes, colour: str) -> Work:
    """Lay a cut-out on ``colour`` (#rrggbb), as an RGB PNG. One with nothing left in it is refused."""
    read_result(cutout)
    with Image.open(BytesIO(cutout), formats=["PNG", "JPEG"]) as opened:
        person = opened.convert("RGBA")
    ground = Image.new("RGB", person.size, colour)
    for top in range(0, person.height, STRIP):
        above = min(EDGE, top)
        rows = person.crop((0, top - above, person.width, min(top + STRIP + EDGE, person.height)))
        height = min(STRIP, person.height - top)
        strip = _without_rim(rows).crop((0, above, person.width, above + height))
        ground.paste(strip, (0, top), mask=strip)
    file = BytesIO()
    ground.save(file, "PNG")
    return {}, [Picture(file.getvalue(), Format.PNG, *ground.size)]


def _without_rim(person: Image.Image) -> Image.Image:
    """Give the soft edge of an RGBA cut-out the colour of the person beside it.

    The pixels of an edge show half of the old background: laid on another colour they would be a rim of it,
    white around a person photographed before a white wall.
    """
    alpha = person.getchannel("A")
    solid = alpha.point([255 * (value >= SOLID) for value in range(256)])
    inner = person.copy()
    inner.putalpha(solid)
    # Blurred with the alpha multiplied in, so that only solid pixels count.
    beside = inner.convert("RGBa").filter(ImageFilter.BoxBlur(EDGE)).convert("RGBA")
    known = beside.getchannel("A").point([255 * (value >= SUPPORT) for value in range(256)])
    known.paste(0, mask=solid)
    person.paste(beside, mask=known)
    person.putalpha(alpha)
    return person
