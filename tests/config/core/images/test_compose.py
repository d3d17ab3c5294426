"""A cut-out on a colour: no rim of the old background, and nothing else changed."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageDraw

from config.core.images import ImageBlank, lay_on_colour
from tests import images as drawn

type Colour = tuple[int, int, int]
type Pixels = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

SIZE = (300, 1100)  # more rows than are worked on at a time
FINER = 4


def person_shape() -> Pixels:
    """An oval's coverage of each pixel, 0 to 1, with the soft edge of a photo."""
    large = Image.new("L", (SIZE[0] * FINER, SIZE[1] * FINER), 0)
    ImageDraw.Draw(large).ellipse((160, 120, 1040, 4280), fill=255)
    return np.asarray(large.resize(SIZE, Image.Resampling.BOX), dtype=np.float64)[..., None] / 255


def mixed(top: Colour, share: Pixels, below: Colour) -> Pixels:
    """One colour over another."""
    return np.array(top) * share + np.array(below) * (1 - share)


def cutout(colours: Pixels, share: Pixels) -> bytes:
    """A PNG with the colours as the camera saw them and the share as alpha."""
    rgba = np.dstack([colours, share * 255]).round().astype(np.uint8)
    return drawn.encode(Image.fromarray(rgba, "RGBA"), "PNG")


def laid(content: bytes, colour: Colour) -> Pixels:
    """Return the composed picture."""
    with Image.open(BytesIO(lay_on_colour(content, "#{:02x}{:02x}{:02x}".format(*colour)))) as image:
        assert image.mode == "RGB"
        return np.asarray(image, dtype=np.float64)


@pytest.mark.parametrize(
    ("person", "wall", "ground"),
    [
        ((120, 20, 30), (255, 255, 255), (10, 10, 10)),
        ((30, 30, 90), (240, 240, 240), (200, 30, 30)),
        ((250, 240, 230), (20, 20, 20), (255, 255, 255)),
    ],
)
def test_the_old_background_leaves_no_rim(person: Colour, wall: Colour, ground: Colour) -> None:
    share = person_shape()
    seen = mixed(person, share, wall)
    wanted = mixed(person, share, ground)
    plain = seen * share + np.array(ground) * (1 - share)
    assert np.abs(plain - wanted).max() > 50  # what simply laying it on the colour would look like
    assert np.abs(laid(cutout(seen, share), ground) - wanted).max() < 4


def test_a_veil_keeps_its_colours() -> None:
    """Half-transparent cloth is no edge: only the pixels next to the person take the person's colour."""
    share = np.full((SIZE[1], SIZE[0], 1), 0.5)
    share[:, :100] = 1.0
    seen = np.where(share == 1.0, np.array((200, 0, 0)), np.array((0, 0, 200))).astype(np.float64)
    out = laid(cutout(seen, share), (255, 255, 255))
    assert np.abs(out[:, 110:] - (127, 127, 228)).max() <= 2
    assert np.abs(out[:, :100] - (200, 0, 0)).max() == 0


def test_a_cut_out_without_a_person_is_refused() -> None:
    with pytest.raises(ImageBlank):
        lay_on_colour(cutout(np.full((400, 400, 3), 90.0), np.zeros((400, 400, 1))), "#ffffff")
