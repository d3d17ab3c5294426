"""Doubts about results: quiet on good pictures, and spoken on bad ones."""

import io
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from results.models import TryOnResult
from tests.factories import (
    ModelImageFactory,
    ProductImageFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
)
from tryon import demo
from tryon.sandbox.pictures import compose
from tryon.tasks import measure_results

pytestmark = pytest.mark.django_db(transaction=True)

PICTURES: Final = Path(demo.__file__).parent / "pictures"


def photo(name: str) -> Image.Image:
    return Image.open(PICTURES / f"{name}.webp").convert("RGB")


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=90)
    return buffer.getvalue()


def dressed(model: str, garment: str) -> Image.Image:
    """The sandbox's picture."""
    photos = {"model_image": encoded(photo(model), "JPEG"), "garment_image": encoded(photo(garment), "JPEG")}
    return Image.open(io.BytesIO(compose("tryon-v1.6", {"category": "tops"}, photos, 0))).convert("RGB")


def small(image: Image.Image, folder: str) -> str:
    """Store a small copy, and return its key."""
    copy = image.copy()
    copy.thumbnail((400, 400))
    return str(default_storage.save(f"{folder}/aa/small.webp", ContentFile(encoded(copy, "WEBP"))))


def flags(picture: Image.Image, model: str = "clara", garment: str = "tee-teal", **job: Any) -> list[str]:
    """The names of the doubts about a picture, strongest first."""
    job.setdefault("model_image", ModelImageFactory.create(thumbnail=small(photo(model), "models")))
    result = TryOnResultFactory.create(
        thumbnail=small(picture, "results"),
        job=TryOnJobFactory.create(
            completed=True,
            product_image=ProductImageFactory.create(thumbnail=small(photo(garment), "products")),
            **job,
        ),
    )
    measure_results()
    result.refresh_from_db()
    assert result.flags is not None
    assert result.is_flagged is bool(result.flags)
    assert all(flag["score"] >= 1 for flag in result.flags)
    return [flag["name"] for flag in result.flags]


@pytest.mark.parametrize(("model", "garment"), [("clara", "tee-teal"), ("kenji", "jacket-black")])
def test_a_good_picture_raises_no_doubt(model: str, garment: str) -> None:
    assert flags(dressed(model, garment), model=model, garment=garment) == []


def test_bad_pictures_are_told_apart() -> None:
    good = dressed("clara", "tee-teal")
    wide, high = good.size
    assert flags(photo("clara").resize(good.size)) == ["unchanged"]
    assert flags(Image.new("RGB", good.size, (6, 6, 8))) == ["blank"]
    # A picture of another garment.
    assert flags(dressed("clara", "shirt-blue")) == ["colour_off"]
    # Only the middle has stayed.
    outside = ImageOps.invert(good)
    middle = (wide // 5, 0, wide * 4 // 5, high)
    outside.paste(good.crop(middle), middle)
    assert flags(outside) == ["outside_changed"]
    assert flags(outside, options={"background": "#ffffff"}) == []
    head = (wide // 4, 0, wide * 3 // 4, high // 4)
    face = good.copy()
    face.paste(photo("zola").resize(good.size).crop(head), head)
    assert flags(face) == ["face_changed"]


def test_results_of_shoppers_and_tests_are_not_looked_at() -> None:
    black = Image.new("RGB", (864, 1296))
    private: dict[str, Any] = {"model_image": None, "shopper_photo": ShopperPhotoFactory.create()}
    assert flags(black, **private) == flags(black, account="test") == []


def test_a_picture_that_cannot_be_read_raises_no_doubt_and_is_not_tried_again() -> None:
    TryOnResultFactory.create()
    measure_results()
    assert TryOnResult.objects.get().flags == []
