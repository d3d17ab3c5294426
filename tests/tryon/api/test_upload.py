"""POST /api/tryon/upload."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests import images
from tests.conftest import Api, data_of, download, error_of
from tests.stores import stored_keys
from tryon.models import ProductImage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]


def test_a_photo_is_cleaned_stored_and_shown(owner: Api) -> None:
    original = images.garment_photo(size=(700, 900))
    response = owner.upload(original, metadata='{"colour": "red"}')
    assert response.status_code == 201
    shown = data_of(response)
    assert (shown["productId"], shown["width"], shown["height"]) == ("SKU-1", 700, 900)
    assert shown["warnings"] == []
    assert download(owner, shown["originalUrl"]) == original
    assert Image.open(BytesIO(download(owner, shown["processedUrl"]))).format == "JPEG"
    assert max(Image.open(BytesIO(download(owner, shown["thumbnailUrl"]))).size) == 400
    row = ProductImage.objects.get(pk=shown["id"])
    assert row.metadata == {"colour": "red"}
    assert row.requester.startswith("shop:")
    assert "shirt" not in str(row.original.name)  # the client's file name goes nowhere


def test_a_poor_photo_is_taken_with_a_warning(owner: Api) -> None:
    shown = data_of(owner.upload(images.dark_photo()))
    assert [warning["code"] for warning in shown["warnings"]] == ["image_dark"]


def test_the_same_photo_of_a_product_is_not_stored_twice_without_a_word(owner: Api, stranger: Api) -> None:
    photo = images.garment_photo()
    first = data_of(owner.upload(photo))
    again = data_of(owner.upload(photo))
    assert [(warning["code"], warning["id"]) for warning in again["warnings"]] == [
        ("image_duplicate", first["id"])
    ]
    for others in [
        owner.upload(photo, productId="SKU-2"),
        owner.upload(images.garment_photo(seed=1)),
        stranger.upload(photo),
    ]:
        assert data_of(others)["warnings"] == []


REFUSED: list[tuple[Callable[[], bytes], int, str]] = [
    (lambda: b"", 400, "image_missing"),
    (lambda: b"%PDF-1.7 not a picture at all", 415, "image_type_unsupported"),
    (lambda: images.truncated(images.garment_photo()), 422, "image_truncated"),
    (images.animated_webp, 422, "image_animated"),
    (images.claims_huge_png, 422, "image_too_many_pixels"),
    (lambda: images.garment_photo(size=(255, 900)), 422, "image_too_small"),
    (lambda: images.garment_photo() + bytes(21_000_000), 413, "image_too_large"),
]


@pytest.mark.parametrize(("draw", "status", "code"), REFUSED, ids=[code for *_, code in REFUSED])
def test_a_bad_photo_is_refused_with_its_own_code_and_leaves_nothing(
    owner: Api, draw: Callable[[], bytes], status: int, code: str
) -> None:
    response = owner.upload(draw())
    error = error_of(response)
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"]
    assert error["requestId"] == response["X-Request-ID"]
    assert ProductImage.objects.count() == 0
    assert stored_keys() == set()


def test_a_form_without_a_file_is_refused(owner: Api) -> None:
    assert error_of(owner.form("upload", productId="SKU-1"))["code"] == "image_missing"


def test_text_in_place_of_the_file_is_refused(owner: Api) -> None:
    assert error_of(owner.form("upload", productId="SKU-1", file="shirt.jpg"))["code"] == "image_missing"


def test_a_form_without_a_product_names_the_field(owner: Api) -> None:
    response = owner.form("upload", file=SimpleUploadedFile("a.jpg", images.garment_photo()))
    assert response.status_code == 400
    assert list(error_of(response)["details"]["fields"]) == ["productId"]


NOT_METADATA = [
    "not json",
    "[1]",
    '"text"',
    '{"a": ' * 1500,
    '{"a": ' + "[" * 20 + "]" * 20 + "}",
    '{"a": ' + "[" * 4900 + "]" * 4900 + "}",
    '{"a": NaN}',
    r'{"a": "\u0000"}',
    '{"a": 1e400}',
    r'{"a": "\ud800"}',
    r'{"\ud800": 1}',
    '{"a": ' + "9" * 5000 + "}",
    '{"a": "' + "x" * 10_000 + '"}',
]


@pytest.mark.parametrize("metadata", NOT_METADATA)
def test_metadata_that_is_no_small_object_is_refused(owner: Api, metadata: str) -> None:
    response = owner.upload(images.garment_photo(), metadata=metadata)
    assert response.status_code == 400
    assert list(error_of(response)["details"]["fields"]) == ["metadata"]


def test_a_form_without_files_is_the_wrong_content_type(owner: Api) -> None:
    response = owner.client.post(
        "/api/tryon/upload", "productId=SKU-1", content_type="application/x-www-form-urlencoded"
    )
    assert (response.status_code, error_of(response)["code"]) == (415, "unsupported_media_type")


def test_a_broken_form_is_refused(owner: Api) -> None:
    response = owner.client.post(
        "/api/tryon/upload", b"--x\r\nnonsense", content_type="multipart/form-data; boundary="
    )
    assert (response.status_code, error_of(response)["code"]) == (400, "malformed_request")
