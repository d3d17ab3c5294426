"""Erasing a photo on request: what was made with it goes, and what others made of their own copy stays."""

import importlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from config.core import clock
from config.shops.abilities import SHOPPING
from config.shops.callers import Caller, NotAllowed
from models_library.models import ModelImage
from results.models import ResultFeedback, Review, TryOnResult
from tests import images
from tests.conftest import Api, Finish, Generate, data_of, error_of, requester
from tests.factories import (
    PredictionFactory,
    ProductImageFactory,
    ResultFeedbackFactory,
    TryOnJobFactory,
    TryOnResultFactory,
    model_of,
)
from tests.ledger import runs
from tests.stores import stored_keys
from tests.tryon.services.conftest import erase
from tryon.engine import lifecycle
from tryon.models import Prediction, PredictionState, ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services import erasing
from tryon.services.erasing import Erased, photo_erase

submission = importlib.import_module("tryon.engine.steps.submit")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("store")
def test_an_erased_upload_takes_its_files_and_its_results_along(
    generate: Generate, finish: Finish, owner: Api, product_id: str, sandbox: Sandbox
) -> None:
    job = finish(generate()["jobId"])
    result_id = data_of(owner.get(f"jobs/{job.pk}"))["resultId"]
    photo, kept = ProductImage.objects.get(), {str(model_of(job).image), str(model_of(job).thumbnail)}

    assert erase(photo) == Erased(jobs=1, results=1)

    assert stored_keys() == kept
    assert owner.get(f"results/{result_id}").status_code == 404
    assert "resultImageUrl" not in data_of(owner.get(f"jobs/{job.pk}"))
    photo.refresh_from_db()
    assert (photo.is_erased, photo.metadata, photo.checksum) == (True, {}, "")
    paid = Prediction.objects.get()
    assert (paid.credits_used, paid.output, paid.job_id) == (1, "", job.pk)
    assert erase(photo) == Erased()


def test_a_later_upload_of_the_same_picture_is_tried_on_and_paid_anew(
    generate: Generate, finish: Finish, owner: Api, model_id: str, sandbox: Sandbox
) -> None:
    finish(generate()["jobId"])
    erase(ProductImage.objects.get())

    again = data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE)))
    assert [warning["code"] for warning in again["warnings"]] == ["image_small"]
    asked = data_of(owner.post("generate", {"productImageId": again["id"], "modelImageId": model_id}))

    assert finish(asked["jobId"]).status == Status.COMPLETED
    assert runs(sandbox) == 2


@pytest.mark.parametrize("given_up_first", [False, True])
def test_a_picture_that_comes_after_the_erasure_is_counted_and_dropped(
    generate: Generate,
    owner: Api,
    work: Callable[[], None],
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
    given_up_first: bool,
) -> None:
    job_id = generate()["jobId"]
    work()
    if given_up_first:
        owner.post(f"jobs/{job_id}/cancel")

    assert erase(ProductImage.objects.get()) == Erased(jobs=1, canceled=int(not given_up_first))
    sandbox.advance(60)
    rescue_now()
    rescue_now()

    late = Prediction.objects.get()
    assert (late.state, late.credits_used) == (PredictionState.SUCCEEDED, 1)
    assert (late.output, late.kept.name, late.rescue_at) == ("", "", None)
    assert TryOnJob.objects.get().status == Status.CANCELED
    assert not any(key.startswith("results/") for key in stored_keys())


@pytest.mark.parametrize("moment", ["before the copy is noted", "before the job is revived"])
def test_an_erasure_in_the_midst_of_a_rescue_leaves_no_copy_and_no_result(
    given_up: TryOnJob, rescue_now: Callable[[], None], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    place = {"before the copy is noted": "keep", "before the job is revived": "resume_collecting"}[moment]
    real = getattr(lifecycle, place)
    erased: list[Erased] = []

    def after_the_erasure(*arguments: Any, **options: Any) -> bool:
        if not erased:
            erased.append(erase(ProductImage.objects.get()))
        done: bool = real(*arguments, **options)
        return done

    monkeypatch.setattr(lifecycle, place, after_the_erasure)
    rescue_now()
    rescue_now()

    assert erased == [Erased(jobs=1)]
    given_up.refresh_from_db()
    assert given_up.status == Status.FAILED
    assert not given_up.events.filter(kind="revived").exists()
    paid = Prediction.objects.get()
    assert (paid.output, paid.kept.name, paid.rescue_at) == ("", "", None)
    assert not any(key.startswith("results/") for key in stored_keys())


def test_our_copy_of_a_paid_picture_goes_too(
    not_stored: TryOnJob, rescue_now: Callable[[], None], owner: Api
) -> None:
    TryOnJob.objects.update(status=Status.CANCELED)  # so that the copy only waits for the next request
    rescue_now()
    assert Prediction.objects.get().kept

    erase(ProductImage.objects.get())

    assert not Prediction.objects.get().kept
    assert not any(key.startswith("results/") for key in stored_keys())


@pytest.mark.parametrize(
    ("who", "state"), [("the first", "queued"), ("the first", "completed"), ("the second", "completed")]
)
def test_what_another_made_of_their_own_copy_stays(
    generate: Generate,
    finish: Finish,
    owner: Api,
    stranger: Api,
    product_id: str,
    strangers_id: str,
    model_id: str,
    sandbox: Sandbox,
    who: str,
    state: str,
) -> None:
    job_id = generate()["jobId"]
    if state == "completed":
        finish(job_id)
    joined = data_of(stranger.post("generate", {"productImageId": strangers_id, "modelImageId": model_id}))
    assert joined["jobId"] == job_id
    pairs = [(product_id, owner), (strangers_id, stranger)]
    (gone, leaver), (kept, stayer) = pairs if who == "the first" else reversed(pairs)

    assert erase(ProductImage.objects.get(pk=gone)) == Erased(left=1)

    assert finish(job_id).status == Status.COMPLETED
    assert data_of(stayer.get(f"jobs/{job_id}"))["resultImageUrl"]
    assert leaver.get(f"jobs/{job_id}").status_code == 404
    job = TryOnJob.objects.get()
    assert str(job.product_image_id) == kept
    assert job.requester == requester("Owner" if stayer is owner else "Stranger")
    assert not ProductImage.objects.filter(pk=gone).exists()
    assert runs(sandbox) == 1
    assert erase(ProductImage.objects.get()) == Erased(jobs=1, results=1)


@pytest.mark.parametrize("moment", ["before the job's turn", "after a worker has read the job"])
def test_a_job_that_stays_with_others_outlives_the_photo_that_a_worker_looks_for(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    owner: Api,
    stranger: Api,
    product_id: str,
    strangers_id: str,
    model_id: str,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    job_id = generate()["jobId"]
    stranger.post("generate", {"productImageId": strangers_id, "modelImageId": model_id})
    place, name = (erasing, "erase_job") if moment.startswith("before") else (submission, "inputs_for")
    real = getattr(place, name)

    def later(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(place, name, real)
        if place is erasing:
            work()
        else:
            assert owner.delete(f"uploads/{product_id}").status_code == 204
        return real(*arguments, **options)

    monkeypatch.setattr(place, name, later)
    if place is erasing:
        owner.delete(f"uploads/{product_id}")

    assert finish(job_id).status == Status.COMPLETED
    assert str(TryOnJob.objects.get().product_image_id) == strangers_id
    assert runs(sandbox) == 1


@pytest.mark.parametrize("then", ["retry", "generate"])
def test_what_a_first_one_paid_stays_theirs_when_the_one_who_took_it_over_erases(
    not_stored: TryOnJob,
    generate: Generate,
    finish: Finish,
    owner: Api,
    stranger: Api,
    strangers_id: str,
    model_id: str,
    sandbox: Sandbox,
    then: str,
) -> None:
    heir = data_of(stranger.post("generate", {"productImageId": strangers_id, "modelImageId": model_id}))
    assert Prediction.objects.get().job_id == UUID(heir["jobId"])

    assert stranger.delete(f"uploads/{strangers_id}").status_code == 204

    assert Prediction.objects.get().job_id == not_stored.pk
    again = owner.post(f"jobs/{not_stored.pk}/retry") if then == "retry" else None
    job_id = generate()["jobId"] if again is None else data_of(again)["id"]
    assert finish(job_id).status == Status.COMPLETED
    assert runs(sandbox) == 1
    assert stranger.get(f"jobs/{heir['jobId']}").status_code == 200
    assert TryOnJob.objects.get(pk=heir["jobId"]).is_erased


@pytest.mark.parametrize("why_not", ["", "the first one has left", "the picture was rejected"])
def test_a_picture_is_left_to_a_first_one_who_still_waits_for_it(db: None, why_not: str) -> None:
    left_at = clock.now() if "left" in why_not else None
    first = TryOnJobFactory.create(failed=True)
    first.viewers.update(left_at=left_at)
    heir = TryOnJobFactory.create(completed=True, cache_key=first.cache_key)
    review = Review.REJECTED if "rejected" in why_not else Review.PENDING
    TryOnResultFactory.create(job=heir, review=review)
    PredictionFactory.create(
        job=heir, state=PredictionState.SUCCEEDED, output="https://media.example/1", finished_at=clock.now()
    )

    erase(heir.product_image)

    paid = Prediction.objects.get()
    owner, is_looked_after = (heir, False) if why_not else (first, True)
    assert (paid.job, bool(paid.output), paid.rescue_at is not None) == (owner, not why_not, is_looked_after)


def test_an_erased_model_photo_is_not_offered_and_its_try_ons_are_gone(
    manager: Api, owner: Api, product_id: str, model_id: str
) -> None:
    model = ModelImage.objects.get()
    photos = {"model_image": model, "product_image_id": product_id, "requester": requester("Owner")}
    done, failed = (
        TryOnJobFactory.create(completed=True, **photos),
        TryOnJobFactory.create(failed=True, **photos),
    )
    TryOnResultFactory.create(job=done)
    ResultFeedbackFactory.create(job=done, verdict="no", comment="That is not Ada's face.")

    assert erase(model) == Erased(jobs=2, results=1)

    model.refresh_from_db()
    assert (model.is_erased, model.tags, model.checksum, model.fingerprint) == (True, [], "", "")
    assert data_of(manager.get("models")) == []
    asked = owner.post("generate", {"productImageId": product_id, "modelImageId": model_id})
    assert (asked.status_code, error_of(asked)["code"]) == (404, "model_image_not_found")
    retried = owner.post(f"jobs/{failed.pk}/retry")
    assert (retried.status_code, error_of(retried)["code"]) == (404, "product_image_not_found")
    assert not TryOnResult.objects.exists()
    assert list(ResultFeedback.objects.values_list("verdict", "comment")) == [("no", "")]
    assert [row["status"] for row in data_of(owner.get("jobs"))] == ["failed", "completed"]
    again = data_of(manager.add_model(images.model_photo(images.SMALL_PORTRAIT)))
    assert [warning["code"] for warning in again["warnings"]] == ["image_small"]


def test_a_photo_without_try_ons_leaves_no_row(product_id: str, model_id: str) -> None:
    erase(ProductImage.objects.get())
    erase(ModelImage.objects.get())

    assert not ProductImage.objects.exists()
    assert not ModelImage.objects.exists()
    assert stored_keys() == set()


@pytest.mark.usefixtures("sandbox")
def test_a_caller_erases_their_own_uploads_only(product_id: str) -> None:
    photo = ProductImage.objects.get()
    catalogue = ProductImageFactory.create()
    own = Caller(photo.requester, abilities=SHOPPING)

    for refused, caller in ((photo, Caller("shop:else")), (catalogue, own)):
        with pytest.raises(NotAllowed):
            photo_erase(refused, caller)
        refused.refresh_from_db()
        assert refused.processed
    photo_erase(photo, own)
    assert not ProductImage.objects.filter(pk=photo.pk).exists()
