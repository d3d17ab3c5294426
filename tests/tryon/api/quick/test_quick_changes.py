"""GET /jobs/{id} tells what is true now, though answers are kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from config.core import clock
from config.shops.callers import Caller
from config.shops.keys import key_forget
from config.shops.models import ApiKey
from results.models import TryOnResult
from tests.conftest import Api, Generate, data_of, requester
from tests.factories import ProductImageFactory, TryOnJobFactory, TryOnResultFactory
from tests.gateway import Gateway
from tryon.api.answers import facts_of
from tryon.models import ProductImage, Status, TryOnJob
from tryon.services.erasing import photo_erase
from tryon.services.products import product_image_update

pytestmark = pytest.mark.django_db(transaction=True)


def status(api: Api, job: TryOnJob) -> str:
    """The status that the API shows, or the code of its refusal."""
    body = api.get(f"jobs/{job.pk}").json()
    return str(body["data"]["status"] if body["success"] else body["error"]["code"])


def test_what_a_person_or_the_engine_changes_is_seen_at_once(
    owner: Api, stranger: Api, generate: Generate
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    assert status(owner, job) == "queued"
    job.viewers.create(requester=requester("Stranger"))
    assert status(stranger, job) == "queued"
    stranger.post(f"jobs/{job.pk}/cancel")
    assert (status(stranger, job), status(owner, job)) == ("canceled", "queued")
    owner.post(f"jobs/{job.pk}/cancel")
    assert status(owner, job) == "canceled"


def test_the_clock_moves_an_answer_that_is_kept(
    owner: Api,
    done: TryOnJob,
    web: Gateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, seconds = clock.now(), 10
    running = TryOnJobFactory.create(
        status=Status.PROCESSING, progress=10, started_at=started, next_check_at=started,
        expected_at=started + timedelta(seconds=seconds), requester=requester("Owner"),
    )  # fmt: skip
    TryOnResult.objects.update(expires_at=started + timedelta(seconds=seconds))
    assert data_of(owner.get(f"jobs/{done.pk}"))["resultState"] == "available"
    seen = []
    for gone in (0, 5, seconds):
        monkeypatch.setattr(clock, "now", lambda gone=gone: started + timedelta(seconds=gone))
        answered = owner.get(f"jobs/{running.pk}")
        body = data_of(answered)
        seen.append((body["progress"], body["estimatedWaitTime"], answered["Retry-After"]))
    assert seen == [(10, 10, "2"), (45, 5, "1"), (90, 1, "1")]
    assert len(web.reached) == 2
    assert data_of(owner.get(f"jobs/{done.pk}"))["resultState"] == "expired"


def test_a_deleted_picture_is_shown_no_more(owner: Api, done: TryOnJob) -> None:
    result_id = data_of(owner.get(f"jobs/{done.pk}"))["resultId"]
    assert owner.delete(f"results/{result_id}").status_code == 204
    assert "resultId" not in data_of(owner.get(f"jobs/{done.pk}"))


def test_a_picture_given_up_by_one_of_two_is_shown_to_the_other_only(
    owner: Api, stranger: Api, done: TryOnJob
) -> None:
    done.viewers.create(requester=requester("Stranger"))
    result_id = data_of(stranger.get(f"jobs/{done.pk}"))["resultId"]
    assert stranger.delete(f"results/{result_id}").status_code == 204
    assert data_of(stranger.get(f"jobs/{done.pk}"))["resultState"] == "deleted"
    assert data_of(owner.get(f"jobs/{done.pk}"))["resultState"] == "available"


def test_the_photo_is_the_one_that_the_caller_asked_with_last(
    owner: Api, product_id: str, model_id: str, generate: Generate
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    assert data_of(owner.get(f"jobs/{job.pk}"))["productImageId"] == product_id
    same = ProductImage.objects.get(pk=product_id)
    other = ProductImageFactory.create(checksum=same.checksum, requester=requester("Owner"))
    owner.post("generate", {"productImageId": str(other.pk), "modelImageId": model_id})
    assert data_of(owner.get(f"jobs/{job.pk}"))["productImageId"] == str(other.pk)


def test_a_finished_picture_is_asked_for_again_with_another_photo_and_after_it_was_given_up(
    owner: Api, stranger: Api, product_id: str, model_id: str, generate: Generate
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    result = TryOnResultFactory.create(job=job)
    TryOnJob.objects.update(status=Status.COMPLETED, progress=100, completed_at=clock.now(), price=0)
    same = ProductImage.objects.get(pk=product_id)
    other = ProductImageFactory.create(checksum=same.checksum, requester=requester("Owner"))
    for photo in (str(other.pk), product_id):
        again = owner.post("generate", {"productImageId": photo, "modelImageId": model_id})
        assert (again.status_code, data_of(again)["jobId"]) == (200, str(job.pk))
        assert data_of(owner.get(f"jobs/{job.pk}"))["productImageId"] == photo
    job.viewers.create(requester=requester("Stranger"))
    assert owner.delete(f"results/{result.pk}").status_code == 204
    assert data_of(owner.get(f"jobs/{job.pk}"))["resultState"] == "deleted"
    assert owner.post("generate", {"productImageId": product_id, "modelImageId": model_id}).status_code == 200
    assert data_of(owner.get(f"jobs/{job.pk}"))["resultState"] == "available"


def test_a_product_has_the_name_that_it_has_now(owner: Api, stranger: Api, done: TryOnJob) -> None:
    def name(api: Api) -> Any:
        body = api.get(f"jobs/{done.pk}").json()
        return body["data"]["productId"] if body["success"] else body["error"]["code"]

    photo, copy = done.product_image, ProductImageFactory.create(product_id="COPY")
    done.viewers.update(product_image=photo)
    done.viewers.create(requester=requester("Stranger"), product_image=copy)
    assert (name(owner), name(stranger)) == (photo.product_id, "COPY")
    copy.product_id = "RENAMED"
    product_image_update(copy, ["product_id"])
    assert (name(owner), name(stranger)) == (photo.product_id, "RENAMED")
    ada = User.objects.create_superuser("ada")
    photo_erase(photo, Caller(f"user:{ada.pk}", is_manager=True))
    assert (name(owner), name(stranger)) == ("job_not_found", "RENAMED")


def test_a_caller_who_gets_the_picture_too_sees_its_job_at_once(
    owner: Api, stranger: Api, product_id: str, model_id: str, generate: Generate
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    assert (status(owner, job), status(stranger, job)) == ("queued", "job_not_found")
    ProductImage.objects.update(requester="")  # the catalogue's: everybody may use it
    stranger.post("generate", {"productImageId": product_id, "modelImageId": model_id})
    assert status(stranger, job) == "queued"


def test_a_key_sees_what_it_may_see_now(stranger: Api, manager: Api, done: TryOnJob) -> None:
    assert status(manager, done) == "completed"
    row = ApiKey.objects.get(name="Manager")
    ApiKey.objects.filter(pk=row.pk).update(is_manager=False)
    key_forget(row)
    assert status(manager, done) == "job_not_found"
    ApiKey.objects.filter(pk=row.pk).update(is_active=False)
    key_forget(row)
    assert status(manager, done) == "invalid_api_key"


def test_rows_that_were_read_before_a_change_are_not_shown_after_it(
    owner: Api, generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])

    def read_and_lose_the_race(found: Any) -> Any:
        facts = facts_of(found)
        owner.post(f"jobs/{job.pk}/cancel")
        return facts

    with monkeypatch.context() as patch:
        patch.setattr("tryon.api.quick.facts_of", read_and_lose_the_race)
        assert status(owner, job) == "queued"
    assert status(owner, job) == "canceled"
