"""Identical requests: what is reused, what is not any more, and how it is counted."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.core import clock
from config.core.upkeep.models import DailyCount
from config.shops.callers import Caller
from results.models import Review, TryOnResult
from results.services import result_review
from tests import images
from tests.conftest import Api, Finish, Generate, data_of, error_of
from tests.factories import TryOnJobFactory
from tryon.fashn.options import TryOnOptions
from tryon.models import Lane, Prediction, ProductImage, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services.generate import tryon_generate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(generate: Generate, finish: Finish, sandbox: Sandbox) -> TryOnJob:
    """A finished try-on that was asked for twice, so that the cache knows it."""
    job = finish(generate()["jobId"])
    assert generate()["status"] == "completed"
    return job


def delete_result(owner: Api, job: TryOnJob) -> None:
    assert owner.delete(f"results/{job.result.pk}").status_code == 204


def reject_result(owner: Api, job: TryOnJob) -> None:
    assert result_review(TryOnResult.objects.all(), Review.REJECTED) == 1


def expire_result(owner: Api, job: TryOnJob) -> None:
    TryOnResult.objects.update(expires_at=clock.now() - timedelta(seconds=1))


def clean_up(owner: Api, job: TryOnJob) -> None:
    expire_result(owner, job)
    call_command("cleanup", "expired_results", stdout=StringIO())


def clean_up_the_rejected(owner: Api, job: TryOnJob) -> None:
    call_command("cleanup", "rejected_results", stdout=StringIO())


@pytest.mark.parametrize("end", [delete_result, clean_up, clean_up_the_rejected])
def test_a_rejected_picture_never_comes_back_however_its_result_went(
    owner: Api,
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
    end: Callable[[Api, TryOnJob], None],
) -> None:
    """FASHN has both pictures for 72 hours: the try-on, and the person without a background."""
    two_steps = {"background": "#ffffff", "resolution": "1k"}
    rejected = finish(generate(**two_steps)["jobId"])
    reject_result(owner, rejected)
    end(owner, rejected)
    assert not TryOnResult.objects.exists()

    again = finish(generate(**two_steps)["jobId"])

    assert again.result.credits_used == 3
    assert sum(row["credits"] for row in sandbox.ledger()["predictions"]) == 6


@pytest.mark.parametrize(
    ("end", "at_fashn", "paid"),
    [
        (delete_result, True, 1),
        (delete_result, False, 2),
        (expire_result, True, 1),
        (clean_up, False, 2),
        (reject_result, True, 2),
    ],
)
@pytest.mark.parametrize("with_cache", [True, False], ids=["cached", "not cached"])
def test_a_picture_that_is_gone_is_fetched_again_while_fashn_has_it_and_else_made_again(
    owner: Api,
    made: TryOnJob,
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
    end: Callable[[Api, TryOnJob], None],
    at_fashn: bool,
    paid: int,
    with_cache: bool,
) -> None:
    end(owner, made)
    if not at_fashn:
        Prediction.objects.update(finished_at=clock.now() - timedelta(hours=73))
    if not with_cache:
        cache.clear()
    again = generate()
    assert (again["status"], again["jobId"] != str(made.pk)) == ("queued", True)
    second = finish(again["jobId"])
    assert generate()["jobId"] == str(second.pk)
    assert len(sandbox.ledger()["predictions"]) == paid


def test_a_rejected_picture_that_is_approved_after_all_is_reused(made: TryOnJob, generate: Generate) -> None:
    for review in (Review.REJECTED, Review.APPROVED):
        result_review(TryOnResult.objects.all(), review)
    assert generate()["jobId"] == str(made.pk)


def test_a_hint_that_is_out_of_date_is_not_believed(made: TryOnJob, generate: Generate) -> None:
    """Such as one that was written while the result was being deleted."""
    TryOnResult.objects.all().delete()
    assert generate()["status"] == "queued"


def test_a_retired_model_photo_is_refused_although_its_picture_is_there(
    owner: Api, manager: Api, made: TryOnJob
) -> None:
    assert manager.patch(f"models/{made.model_image_id}", {"isActive": False}).status_code == 200
    body = {"productImageId": str(made.product_image_id), "modelImageId": str(made.model_image_id)}
    response = owner.post("generate", body)
    assert (response.status_code, error_of(response)["code"]) == (409, "model_image_inactive")


def test_another_photo_of_the_same_product_is_another_picture(owner: Api, made: TryOnJob) -> None:
    product = data_of(owner.upload(images.garment_photo(images.SMALL_SQUARE, seed=1)))["id"]
    body = {"productImageId": product, "modelImageId": str(made.model_image_id)}
    assert data_of(owner.post("generate", body))["status"] == "queued"


def test_the_same_photo_uploaded_again_is_the_same_picture(owner: Api, stranger: Api, made: TryOnJob) -> None:
    product = data_of(stranger.upload(images.garment_photo(images.SMALL_SQUARE)))["id"]
    body = {"productImageId": product, "modelImageId": str(made.model_image_id)}
    answer = data_of(stranger.post("generate", body))
    assert (answer["status"], answer["jobId"]) == ("completed", str(made.pk))
    assert ProductImage.objects.count() == 2


def test_the_cache_spares_a_query_and_is_not_needed(made: TryOnJob) -> None:
    # The service itself: a wish that a client repeats is answered before it.
    def ask() -> TryOnJob:
        return tryon_generate(
            caller=Caller(requester=made.requester),
            product_image_id=made.product_image_id,
            model_image_id=made.model_image_id,
            options=TryOnOptions(),
        ).job

    with CaptureQueriesContext(connection) as remembered:
        ask()
    cache.delete(f"reuse:{made.cache_key}")
    with CaptureQueriesContext(connection) as looked_up:
        assert ask() == made
    assert len(looked_up) == len(remembered) + 1


def test_a_hint_never_outlives_its_result(made: TryOnJob, generate: Generate) -> None:
    TryOnResult.objects.update(expires_at=clock.now() + timedelta(seconds=100))
    cache.clear()
    generate()
    seconds: Any = cache.ttl(f"reuse:{made.cache_key}")  # type: ignore[attr-defined]  # django-redis has it
    assert 0 < seconds <= 100


def test_a_hint_is_forgotten_after_a_day(made: TryOnJob, generate: Generate) -> None:
    cache.clear()
    generate()
    assert cache.ttl(f"reuse:{made.cache_key}") <= 24 * 3600  # type: ignore[attr-defined]


def test_whoever_joins_for_a_batch_does_not_hurry_a_job(made: TryOnJob) -> None:
    waiting = TryOnJobFactory.create(
        product_image=made.product_image,
        model_image=made.model_image,
        cache_key=made.cache_key,
        lane=Lane.BULK,
    )
    TryOnResult.objects.all().delete()
    for lane, becomes in ((Lane.BULK, Lane.BULK), (Lane.INTERACTIVE, Lane.INTERACTIVE)):
        generated = tryon_generate(
            caller=Caller(requester=made.requester),
            product_image_id=made.product_image_id,
            model_image_id=made.model_image_id,
            options=TryOnOptions(),
            lane=lane,
        )
        waiting.refresh_from_db()
        assert (generated.job, waiting.lane) == (waiting, becomes)


def test_a_review_that_is_so_already_is_no_change(made: TryOnJob) -> None:
    assert [result_review(TryOnResult.objects.all(), Review.REJECTED) for _ in range(2)] == [1, 0]


def test_statistics_of_the_last_days_leave_out_the_day_before_them() -> None:
    today = clock.now().date()
    for ago, number in ((0, 1), (1, 20), (2, 300)):
        DailyCount.objects.create(name="reuse_misses", day=today - timedelta(days=ago), number=number)
    table = StringIO()
    call_command("cache_stats", days=2, stdout=table)
    assert table.getvalue().splitlines()[1].split()[-3] == "21"


def test_a_join_saves_what_was_paid_for_those_who_stay(
    manager: Api,
    owner: Api,
    stranger: Api,
    generate: Generate,
    model_id: str,
    finish: Finish,
    sandbox: Sandbox,
) -> None:
    never_paid = {generate(seed=7)["jobId"] for _ in range(2)}
    owner.post(f"jobs/{never_paid.pop()}/cancel")
    job_id = generate()["jobId"]
    photo = data_of(stranger.upload(images.garment_photo(images.SMALL_SQUARE)))["id"]
    for _ in range(3):
        assert data_of(stranger.post("generate", {"productImageId": photo, "modelImageId": model_id}))
        stranger.post(f"jobs/{job_id}/cancel")
    for _ in range(2):
        stranger.post("generate", {"productImageId": photo, "modelImageId": model_id})
    assert data_of(manager.get("stats"))["reuse"]["creditsSaved"] == 0
    finish(job_id)
    of_an_earlier_release = generate(seed=8)["jobId"]
    TryOnJob.objects.get(pk=of_an_earlier_release).viewers.update(asks=0)
    finish(of_an_earlier_release)
    assert data_of(manager.get("stats"))["reuse"]["creditsSaved"] == 2


def test_reuse_is_counted_and_shown(manager: Api, made: TryOnJob, generate: Generate, finish: Finish) -> None:
    asked = [generate(seed=7)["jobId"] for _ in range(2)]
    finish(asked[0])
    assert data_of(manager.get("stats"))["reuse"] == {
        "hits": 1,
        "joins": 1,
        "misses": 2,
        "creditsSaved": 2,
    }
    table = StringIO()
    call_command("cache_stats", stdout=table)
    for line in table.getvalue().splitlines()[1:]:
        assert line.split()[-5:] == ["1", "1", "2", "50%", "2"]


@pytest.mark.parametrize("days", ["0", "-1", "99999999999", "all"])
def test_statistics_of_no_days_are_refused(days: str) -> None:
    with pytest.raises(CommandError, match="from 1 to"):
        call_command("cache_stats", "--days", days)


def test_each_shop_sees_its_own_photo_in_a_shared_result(
    owner: Api, stranger: Api, manager: Api, made: TryOnJob, model_id: str
) -> None:
    mine, theirs = {"productId": "SKU-NEW"}, str(made.product_image_id)
    photo = data_of(stranger.upload(images.garment_photo(images.SMALL_SQUARE), **mine))["id"]
    answer = stranger.post("generate", {"productImageId": photo, "modelImageId": model_id})
    assert data_of(answer)["jobId"] == str(made.pk)
    (shown,) = data_of(stranger.get("results", **mine))
    assert (shown["recipe"]["productImageId"], shown["recipe"]["productId"]) == (photo, "SKU-NEW")
    assert data_of(stranger.get(f"results/{shown['id']}"))["recipe"] == shown["recipe"]
    assert len(data_of(stranger.get("results", productImageId=photo))) == 1
    assert data_of(stranger.get("results", productImageId=theirs)) == []
    (own,) = data_of(owner.get("results", productImageId=theirs))
    assert own["recipe"]["productImageId"] == theirs
    assert data_of(manager.get(f"results/{shown['id']}"))["recipe"]["productImageId"] == theirs


def test_the_job_of_a_deleted_result_stays_in_its_list(owner: Api, made: TryOnJob) -> None:
    assert owner.delete(f"results/{made.result.pk}").status_code == 204
    job = data_of(owner.get(f"jobs/{made.pk}"))
    assert (job["status"], job["resultState"], "resultId" in job) == ("completed", "deleted", False)
    assert [row["id"] for row in data_of(owner.get("jobs"))] == [str(made.pk)]


def test_a_failed_job_that_is_retried_joins_the_picture_that_is_there(
    owner: Api, manager: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "PoseError")
    failed = finish(generate()["jobId"])
    finish(generate()["jobId"])
    answer = owner.post(f"jobs/{failed.pk}/retry")
    assert (answer.status_code, data_of(answer)["status"]) == (200, "completed")
    assert data_of(manager.get("stats"))["reuse"]["hits"] == 1
    assert len(sandbox.ledger()["predictions"]) == 2
