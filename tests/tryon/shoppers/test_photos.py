"""Shoppers' own photos: uploaded with consent, seen by the shopper only, and gone in time."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pytest_django import Settings

from config.core import clock
from config.core.http.idempotency.models import IdempotencyKey
from tests import images
from tests.conftest import Api, data_of, download, error_of
from tests.stores import stored_keys
from tests.tryon.cleanup.world import clean
from tests.tryon.shoppers.people import send_photo, shopper
from tryon.models import ShopperPhoto

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("store")
def test_a_photo_is_kept_with_its_consent_and_without_its_place(ada: Api, settings: Settings) -> None:
    settings.SHOPPER_PHOTO_TTL_HOURS = 2
    answer = send_photo(ada, images.jpeg_with_metadata())
    assert answer.status_code == 201
    shown = data_of(answer)
    for address in ("originalUrl", "processedUrl"):
        content = download(ada, shown[address])
        assert b"Secret" not in content
        assert not Image.open(BytesIO(content)).getexif()
    row = ShopperPhoto.objects.get()
    assert (shown["consentVersion"], row.consent_version) == ("2026-12", "2026-12")
    assert row.expires_at - row.consented_at == timedelta(hours=2)
    assert (row.requester[:8], row.shop[:5], len(row.address_hash)) == ("shopper:", "shop:", 64)
    assert row.api_key is not None
    assert data_of(ada.get(f"shopper-photos/{row.pk}"))["expiresAt"] == shown["expiresAt"]
    assert {key.partition("/")[0] for key in stored_keys()} == {"shoppers"}


def test_only_its_shopper_has_a_photo(
    ada: Api, bea: Api, owner: Api, manager: Api, photo_id: str, product_id: str
) -> None:
    namesake = shopper("ada", shop="Stranger")
    body = {"productImageId": product_id, "shopperPhotoId": photo_id}
    for other in (bea, owner, manager, namesake):
        for answer in (
            other.get(f"shopper-photos/{photo_id}"),
            other.delete(f"shopper-photos/{photo_id}"),
        ):
            assert (answer.status_code, error_of(answer)["code"]) == (404, "shopper_photo_not_found")
    for other in (bea, owner, manager):
        answer = other.post("generate", body)
        assert (answer.status_code, error_of(answer)["code"]) == (404, "shopper_photo_not_found")
    assert ada.post("generate/price", body).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"consentVersion": ""}, 400, "validation_error"),
        ({"consentVersion": "x" * 65}, 400, "validation_error"),
        ({"file": ""}, 400, "image_missing"),
    ],
)
def test_no_photo_without_consent(ada: Api, fields: dict[str, Any], status: int, code: str) -> None:
    answer = send_photo(ada, **fields)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert not ShopperPhoto.objects.exists()


def test_who_is_no_shopper_is_told_how_to_name_one(owner: Api, manager: Api) -> None:
    for caller in (owner, manager):
        answer = send_photo(caller)
        assert (answer.status_code, error_of(answer)["code"]) == (403, "shopper_needed")


def test_a_repeated_upload_is_one_photo_until_it_is_erased(ada: Api) -> None:
    ada.client.defaults["HTTP_IDEMPOTENCY_KEY"] = "once"
    first, again = data_of(send_photo(ada)), data_of(send_photo(ada))
    assert (first["id"], ShopperPhoto.objects.count()) == (again["id"], 1)
    assert ada.delete(f"shopper-photos/{first['id']}").status_code == 204
    assert not ShopperPhoto.objects.exists()
    assert data_of(send_photo(ada))["id"] != first["id"]


def test_an_expired_photo_leaves_no_answer_behind(ada: Api) -> None:
    ada.client.defaults["HTTP_IDEMPOTENCY_KEY"] = "photo"
    assert send_photo(ada, images.jpeg_with_metadata()).status_code == 201
    assert IdempotencyKey.objects.count() == 1
    ShopperPhoto.objects.update(expires_at=clock.now())
    clean("expired_shopper_photos")
    assert not IdempotencyKey.objects.exists()


def test_generate_takes_one_person(ada: Api, wish: dict[str, Any], model_id: str) -> None:
    both = ada.post("generate", {**wish, "modelImageId": model_id})
    neither = ada.post("generate", {"productImageId": wish["productImageId"]})
    assert list(error_of(both)["details"]["fields"]) == ["shopperPhotoId"]
    assert list(error_of(neither)["details"]["fields"]) == ["modelImageId"]
    assert (both.status_code, neither.status_code) == (400, 400)


def test_an_expired_photo_is_not_found_and_then_gone(ada: Api, photo_id: str, wish: dict[str, Any]) -> None:
    ShopperPhoto.objects.update(expires_at=clock.now())
    assert ada.get(f"shopper-photos/{photo_id}").status_code == 404
    assert ada.post("generate", wish).status_code == 404
    before = {key for key in stored_keys() if key.startswith("shoppers/")}
    assert len(before) == 2
    clean("expired_shopper_photos", dry_run=True)
    assert before <= stored_keys()
    clean("expired_shopper_photos")
    assert not before & stored_keys()
    assert not ShopperPhoto.objects.exists()
