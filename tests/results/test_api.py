"""GET and DELETE /api/tryon/results/{id}."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import DjangoAssertNumQueries

from config.core import clock
from results.models import TryOnResult
from tests.conftest import Api, data_of, download, error_of, requester
from tests.factories import PredictionFactory, TryOnResultFactory
from tryon.models import TryOnJob

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("store")]


@pytest.fixture
def result(owner: Api) -> TryOnResult:
    """A result of the owner's, with its files."""
    result: TryOnResult = TryOnResultFactory.create(
        job__requester=requester("Owner"), job__options={"mode": "quality"}
    )
    PredictionFactory.create(job=result.job, step=1, model_name="background-remove")
    PredictionFactory.create(job=result.job, step=0, model_name="tryon-v1.6", state="succeeded")
    for field in (result.image, result.thumbnail):
        default_storage.save(field.name, ContentFile(b"picture"))
    return result


def test_the_owner_sees_a_result(
    owner: Api, result: TryOnResult, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner.get(f"results/{result.pk}")  # the key is remembered from here
    with django_assert_num_queries(1):
        shown = data_of(owner.get(f"results/{result.pk}"))
    assert (shown["jobId"], shown["width"], shown["height"]) == (str(result.job_id), 864, 1296)
    assert shown["creditsUsed"] == 1
    assert shown["aiGenerated"] is True
    assert shown["recipe"] == {
        "productImageId": str(result.job.product_image_id),
        "modelImageId": str(result.job.model_image_id),
        "shopperPhotoId": None,
        "productId": result.job.product_image.product_id,
        "garments": [
            {
                "productImageId": str(result.job.product_image_id),
                "productId": result.job.product_image.product_id,
            }
        ],
        "options": {"mode": "quality"},
        "providerModel": "tryon-v1.6",
    }
    assert shown["feedback"] is None
    assert download(owner, shown["imageUrl"]) == b"picture"


def test_deleting_takes_the_files_and_leaves_the_job(owner: Api, result: TryOnResult) -> None:
    assert owner.delete(f"results/{result.pk}").status_code == 204
    assert not default_storage.exists(str(result.image.name))
    assert not default_storage.exists(str(result.thumbnail.name))
    job = TryOnJob.objects.get(pk=result.job_id)
    assert job.status == "completed"
    assert error_of(owner.get(f"results/{result.pk}"))["code"] == "result_not_found"
    shown = data_of(owner.get(f"jobs/{result.job_id}"))
    assert (shown["status"], shown["resultState"], "resultId" in shown) == ("completed", "deleted", False)


def test_a_shared_result_stays_for_those_who_still_want_it(
    owner: Api, stranger: Api, result: TryOnResult
) -> None:
    result.job.viewers.create(requester=requester("Stranger"))
    assert owner.delete(f"results/{result.pk}").status_code == 204
    assert owner.get(f"results/{result.pk}").status_code == 404
    assert data_of(owner.get(f"jobs/{result.job_id}"))["resultState"] == "deleted"
    assert data_of(stranger.get(f"jobs/{result.job_id}"))["resultState"] == "available"
    assert data_of(stranger.get(f"results/{result.pk}"))["id"] == str(result.pk)
    assert stranger.delete(f"results/{result.pk}").status_code == 204
    assert TryOnResult.objects.count() == 0


def test_a_manager_deletes_for_everybody(manager: Api, result: TryOnResult) -> None:
    assert manager.delete(f"results/{result.pk}").status_code == 204
    assert TryOnResult.objects.count() == 0


def test_an_expired_result_is_not_found(owner: Api, result: TryOnResult) -> None:
    TryOnResult.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert error_of(owner.get(f"results/{result.pk}"))["code"] == "result_not_found"
    job = data_of(owner.get(f"jobs/{result.job_id}"))
    assert (job["status"], job["resultState"], "resultId" in job) == ("completed", "expired", False)
