"""Two shoppers of one shop, and a photo of one of them."""

from typing import Any

import pytest

from tests.conftest import Api, data_of
from tests.tryon.shoppers.people import send_photo, shopper


@pytest.fixture
def ada(owner: Api) -> Api:
    return shopper("ada")


@pytest.fixture
def bea(owner: Api) -> Api:
    return shopper("bea")


@pytest.fixture
def photo_id(ada: Api) -> str:
    """A photo of Ada's."""
    return str(data_of(send_photo(ada))["id"])


@pytest.fixture
def wish(photo_id: str, product_id: str) -> dict[str, Any]:
    """The body of a request for the owner's product on Ada."""
    return {"productImageId": product_id, "shopperPhotoId": photo_id}
