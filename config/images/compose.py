"""Putting a cut-out on a colour."""

from io import BytesIO

from PIL import Image

from config.images.errors import ImageBlank
from config.images.pipeline import read_result


def lay_on_colour(cutout: bytes, colour: str) -> bytes:
    """Lay a cut-out (PNG with transparency, at most 24 MP) on ``colour`` (#rrggbb); return an RGB PNG.

    Its soft edge is blended with the colour, so no rim of the old background's brightness is added. Raises
    one of the ``ImageRefused`` errors; a cut-out with nothing left in it is one of them.
    """
    read_result(cutout)
    with Image.open(BytesIO(cutout), formats=["PNG", "JPEG"]) as opened:
        person = opened.convert("RGBA")
    if person.getbbox() is None:  # of the visible pixels
        raise ImageBlank
    ground = Image.new("RGBA", person.size, colour)
    ground.alpha_composite(person)
    file = BytesIO()
    ground.convert("RGB").save(file, "PNG")
    return file.getvalue()
