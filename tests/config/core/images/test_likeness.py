"""Photos that look the same are told, whatever their size and format; others are not."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image, ImageEnhance

from config.core import images
from config.core.images import is_alike
from tests import images as drawn


def fingerprint(content: bytes) -> str:
    return images.prepare(BytesIO(content)).fingerprint


@pytest.mark.parametrize(
    "copy",
    [
        lambda image: drawn.encode(image.resize((450, 675)), "JPEG", quality=90),
        lambda image: drawn.encode(image, "JPEG", quality=30),
        lambda image: drawn.encode(image, "WEBP", quality=40),
        lambda image: drawn.encode(ImageEnhance.Brightness(image).enhance(1.08), "JPEG"),
        lambda image: drawn.encode(image.crop((6, 9, 594, 891)), "PNG"),
    ],
    ids=["smaller", "compressed", "WebP", "lighter", "cut"],
)
@pytest.mark.parametrize("draw", [drawn.draw_model, drawn.draw_garment])
def test_copy_is_alike(
    draw: Callable[[drawn.Size, int], Image.Image], copy: Callable[[Image.Image], bytes]
) -> None:
    for seed in range(4):
        image = draw((600, 900), seed)
        assert is_alike(fingerprint(copy(image)), fingerprint(drawn.encode(image, "PNG")))


@pytest.mark.parametrize("photo", [drawn.model_photo, drawn.garment_photo])
def test_photo_in_the_same_pose_with_other_colours_is_another(photo: Callable[..., bytes]) -> None:
    prints = [fingerprint(photo(seed=seed)) for seed in range(6)]

    assert not [one for one in prints for other in prints if one is not other and is_alike(one, other)]


def test_photo_without_a_fingerprint_is_like_none() -> None:
    assert not is_alike("", fingerprint(drawn.model_photo()))
    assert not is_alike("", "")
