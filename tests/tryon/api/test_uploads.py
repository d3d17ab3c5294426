"""GET /api/tryon/uploads, GET and DELETE /api/tryon/uploads/{id}."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.core import clock
from results.models import TryOnResult
from tests import images
from tests.conftest import Api, Finish, Generate, data_of, download, error_of, requester
from tests.factories import ProductImageFactory, model_of
from tests.stores import stored_keys
from tryon.models import ProductImage

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_uploaded_a_photo_finds_it_again(owner: Api, stranger: Api, manager: Api) -> None:
    sent = images.garment_photo(images.SMALL_SQUARE)
    uploaded = data_of(owner.upload(sent, metadata='{"colour": "red"}'))
    ProductImageFactory.create(requester="")  # of the shop's catalogue
    [listed] = data_of(owner.get("uploads"))
    shown = data_of(owner.get(f"uploads/{uploaded['id']}"))
    assert [warning["code"] for warning in uploaded.pop("warnings")] == ["image_small"]
    for photo in (uploaded, listed, shown):
        assert download(owner, photo.pop("originalUrl")) == sent
        del photo["processedUrl"], photo["thumbnailUrl"]  # their signatures differ
    assert uploaded == listed == shown
    assert (shown["productId"], shown["metadata"]) == ("SKU-1", {"colour": "red"})
    assert data_of(stranger.get("uploads")) == []
    assert error_of(stranger.get(f"uploads/{shown['id']}"))["code"] == "product_image_not_found"
    assert len(data_of(manager.get("uploads"))) == 2


def test_uploads_are_filtered_paged_and_cost_no_more_queries(owner: Api) -> None:
    mine = requester("Owner")
    old, new = (ProductImageFactory.create(requester=mine) for _ in range(2))
    ProductImageFactory.create(requester=mine, original="", processed="", thumbnail="")  # cleaned up
    day_ago = clock.now() - timedelta(days=1)
    ProductImage.objects.filter(pk=old.pk).update(created_at=day_ago - timedelta(days=1))
    for query, wanted in (
        ({}, [new, old]),
        ({"productId": old.product_id}, [old]),
        ({"createdAfter": day_ago.isoformat()}, [new]),
        ({"createdBefore": day_ago.isoformat()}, [old]),
    ):
        assert [row["id"] for row in data_of(owner.get("uploads", **query))] == [
            str(row.pk) for row in wanted
        ]
    after = owner.get("uploads", pageSize=1).json()["meta"]["next"]
    with CaptureQueriesContext(connection) as asked:
        assert [row["id"] for row in data_of(owner.get("uploads", pageSize=1, after=after))] == [str(old.pk)]
    assert len(asked) == 1


@pytest.mark.usefixtures("sandbox")
def test_a_deleted_upload_takes_its_try_ons_along(
    owner: Api, stranger: Api, generate: Generate, finish: Finish, product_id: str
) -> None:
    job = finish(generate()["jobId"])
    assert stranger.delete(f"uploads/{product_id}").status_code == 404
    assert owner.delete(f"uploads/{product_id}").status_code == 204
    assert owner.get(f"uploads/{product_id}").status_code == 404
    shown = data_of(owner.get(f"jobs/{job.pk}"))
    assert (shown["status"], shown["resultState"]) == ("completed", "deleted")
    assert not TryOnResult.objects.exists()
    assert stored_keys() == {str(model_of(job).image), str(model_of(job).thumbnail)}
    assert owner.delete(f"uploads/{product_id}").status_code == 204  # one that was cut off goes on
    assert data_of(owner.get("uploads")) == []
