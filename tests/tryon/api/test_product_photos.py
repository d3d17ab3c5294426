"""The photos of a product that a page may try on. Who sees whose is in tests/access.txt."""

import pytest

from tests.conftest import data_of, error_of, visiting
from tests.factories import ProductImageFactory

pytestmark = pytest.mark.django_db


def test_a_visitor_finds_the_photos_of_a_product_by_its_number() -> None:
    ProductImageFactory.create(product_id="SKU-2")
    ProductImageFactory.create(product_id="SKU-1", is_active=False)
    ProductImageFactory.create(product_id="SKU-1", original="", processed="", thumbnail="")
    ProductImageFactory.create(product_id="SKU-1", requester="shop:another")
    older, newer = (ProductImageFactory.create(product_id="SKU-1", view=view) for view in ("back", "front"))
    found = data_of(visiting().get("/api/tryon/product-photos", {"productId": "SKU-1"}))
    assert [(photo["id"], photo["view"]) for photo in found] == [
        (str(newer.pk), "front"),
        (str(older.pk), "back"),
    ]
    assert found[0].keys() == {
        *("id", "productId", "imageUrl", "thumbnailUrl", "view", "width", "height", "createdAt")
    }


def test_nobody_reads_the_whole_catalogue_there() -> None:
    answer = visiting().get("/api/tryon/product-photos")
    assert answer.status_code == 400
    assert error_of(answer)["details"]["fields"].keys() == {"productId"}
