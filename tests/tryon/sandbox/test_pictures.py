"""Garments of every kind are cut out and laid on."""

import io
import random
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tryon.sandbox.pictures import compose

from .conftest import draw_person, draw_shirt


def encode(image: Image.Image) -> bytes:
    """Return the picture as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def dressed(person: Image.Image, garment: Image.Image, category: str = "auto") -> Image.Image:
    """Return the try-on picture."""
    inputs = {"seed": 42, "category": category}
    data = compose("tryon-v1.6", inputs, {"model_image": encode(person), "garment_image": encode(garment)}, 0)
    return Image.open(io.BytesIO(data))


def cut(photo: Image.Image) -> Image.Image:
    """Return the cut-out."""
    return Image.open(io.BytesIO(compose("background-remove", {}, {"image": encode(photo)}, 0)))


def draw_trousers() -> Image.Image:
    image = Image.new("RGB", (160, 400), (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.polygon(
        [(40, 20), (120, 20), (130, 385), (90, 385), (80, 120), (70, 385), (30, 385)], fill=(20, 120, 40)
    )
    return image


def draw_noise(size: tuple[int, int]) -> Image.Image:
    dice = random.Random(5)
    return Image.frombytes("RGB", size, dice.randbytes(size[0] * size[1] * 3))


def is_near(colour: Any, expected: tuple[int, int, int]) -> bool:
    """Return whether a pixel is of this colour, give or take the light."""
    return all(abs(found - wanted) < 40 for found, wanted in zip(colour, expected, strict=True))


@pytest.mark.parametrize("category", ["auto", "bottoms"])
def test_trousers_go_on_the_legs(category: str) -> None:
    image = dressed(draw_person(), draw_trousers(), category)
    assert is_near(image.getpixel((432, 790)), (20, 120, 40))
    assert is_near(image.getpixel((432, 500)), (120, 130, 150))


def test_dress_reaches_from_shoulders_to_legs() -> None:
    dress = Image.new("RGB", (160, 320), (250, 250, 250))
    ImageDraw.Draw(dress).polygon([(50, 20), (110, 20), (140, 290), (20, 290)], fill=(190, 30, 50))
    image = dressed(draw_person(), dress, "one-pieces")
    assert is_near(image.getpixel((432, 500)), (190, 30, 50))
    assert is_near(image.getpixel((432, 850)), (190, 30, 50))


def test_trousers_run_out_of_a_photo_that_ends_above_the_feet() -> None:
    with_cuffs = draw_trousers()
    ImageDraw.Draw(with_cuffs).rectangle((30, 300, 70, 385), fill=(230, 200, 40))
    image = dressed(draw_person().crop((0, 0, 300, 360)), with_cuffs, "bottoms")
    assert is_near(image.getpixel((320, 1280)), (20, 120, 40))


def test_what_peeks_out_below_the_garment_takes_its_colour() -> None:
    beside_the_hem = dressed(draw_person(), draw_shirt(), "tops").getpixel((276, 690))
    assert isinstance(beside_the_hem, tuple)
    assert beside_the_hem[0] > 2 * beside_the_hem[1]


def test_busy_photo_still_gets_its_garment() -> None:
    image = dressed(draw_noise((200, 300)), draw_shirt())
    assert is_near(image.getpixel((432, 500)), (190, 30, 50))


def test_subject_on_busy_ground_is_cut_as_an_oval() -> None:
    mask = cut(draw_noise((100, 150))).getchannel("A")
    assert mask.getpixel((50, 75)) == 255
    assert mask.getpixel((1, 1)) == 0


def test_subject_on_plain_ground_is_cut_along_its_edge() -> None:
    mask = cut(draw_person()).getchannel("A")
    assert [mask.getpixel(place) for place in ((5, 5), (80, 200), (110, 200), (150, 400))] == [0, 0, 255, 255]


def test_large_cut_out_shrinks_to_four_megapixels() -> None:
    width, height = cut(draw_shirt().resize((2500, 3000))).size
    assert 3_900_000 < width * height <= 4_000_000


def test_transparent_input_lies_on_white() -> None:
    shirt = draw_shirt().convert("RGBA")
    shirt.putalpha(shirt.convert("L").point(lambda value: 255 if value < 200 else 0))
    image = dressed(draw_person(), shirt)
    assert is_near(image.getpixel((432, 500)), (190, 30, 50))
