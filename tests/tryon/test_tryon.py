"""The main job, end to end: a photo goes in, a try-on picture comes out."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from tests.conftest import Api, Finish, Generate, data_of, download, error_of
from tryon.models import Prediction, PredictionState, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_photo_goes_in_and_a_picture_comes_out(
    store: str, owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.configure(plainPictures=False)
    asked = generate()
    assert asked["status"] == "queued"
    assert asked["estimatedWaitTime"] > 0

    finish(asked["jobId"])

    job = data_of(owner.get(f"jobs/{asked['jobId']}"))
    assert job["status"] == "completed"
    assert job["progress"] == 100
    assert "queuePosition" not in job
    assert "errorMessage" not in job
    result = data_of(owner.get(f"results/{job['resultId']}"))
    assert result["aiGenerated"] is True
    picture = download(owner, job["resultImageUrl"])
    assert Image.open(BytesIO(picture)).size == (result["width"], result["height"]) == (864, 1296)
    assert Image.open(BytesIO(download(owner, job["thumbnailUrl"]))).format == "WEBP"
    assert [row["credits"] for row in sandbox.ledger()["predictions"]] == [1]
    assert result["creditsUsed"] == 1


def test_a_job_tells_its_place_in_the_queue_only_while_it_waits(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    first, second = generate(seed=1)["jobId"], generate(seed=2)["jobId"]
    assert data_of(owner.get(f"jobs/{first}"))["queuePosition"] == 1
    assert data_of(owner.get(f"jobs/{second}"))["queuePosition"] == 2
    finish(second)
    assert "queuePosition" not in data_of(owner.get(f"jobs/{second}"))


def test_an_identical_request_joins_the_job_under_way_and_then_reuses_its_result(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    first = generate()
    assert generate()["jobId"] == first["jobId"]
    finish(first["jobId"])
    again = generate()
    assert (again["jobId"], again["status"]) == (first["jobId"], "completed")
    assert len(sandbox.ledger()["predictions"]) == 1


def test_no_more_predictions_are_in_flight_than_slots(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    settings.QUEUE_CONCURRENCY = 2
    jobs = [generate(seed=seed)["jobId"] for seed in range(4)]
    work()
    assert Prediction.objects.filter(state=PredictionState.RUNNING).count() == 2
    for job in jobs:
        assert finish(job).status == "completed"
    assert sandbox.ledger()["peakInFlight"] <= 2


def test_the_first_look_at_a_job_costs_one_query_and_two_more_while_it_is_queued(
    owner: Api,
    generate: Generate,
    finish: Finish,
    sandbox: Sandbox,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    job_id = generate()["jobId"]  # the key is remembered from here
    with django_assert_num_queries(3):  # the job with its result, its place, and what holds it
        owner.get(f"jobs/{job_id}")
    finish(job_id)
    with django_assert_num_queries(1):
        assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "completed"


def test_stranger_sees_neither_job_nor_result(
    owner: Api, stranger: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    finish(job_id)
    result_id = data_of(owner.get(f"jobs/{job_id}"))["resultId"]
    assert error_of(stranger.get(f"jobs/{job_id}"))["code"] == "job_not_found"
    assert error_of(stranger.get(f"results/{result_id}"))["code"] == "result_not_found"
    assert error_of(stranger.delete(f"results/{result_id}"))["code"] == "result_not_found"
    assert data_of(owner.get(f"results/{result_id}"))["id"] == result_id


def test_a_background_is_a_second_paid_step_and_a_picture_on_that_colour(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    job = finish(generate(background="tomato")["jobId"])
    assert [row["modelName"] for row in sandbox.ledger()["predictions"]] == [
        "tryon-v1.6",
        "background-remove",
    ]
    shown = data_of(owner.get(f"results/{job.result.pk}"))
    assert shown["creditsUsed"] == 2
    with Image.open(BytesIO(download(owner, shown["imageUrl"]))) as picture:
        assert (picture.mode, picture.size) == ("RGB", (864, 1296))
        assert picture.getpixel((2, 2)) == (255, 99, 71)


def test_a_second_step_that_failed_is_retried_without_paying_for_the_first_again(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "PipelineError", model="background-remove")
    job = finish(generate(background="#fff")["jobId"])
    assert (job.status, job.retry_count) == ("completed", 1)
    paid = [row["modelName"] for row in sandbox.ledger()["predictions"] if row["credits"]]
    assert paid == ["tryon-v1.6", "background-remove"]


@pytest.mark.parametrize(("resolution", "pixels"), [("1k", 1_000_000), ("2k", 4_000_000)])
def test_a_resolution_selects_the_larger_model(
    generate: Generate, finish: Finish, sandbox: Sandbox, resolution: str, pixels: int
) -> None:
    job = finish(generate(resolution=resolution, mode="fast")["jobId"])
    assert job.predictions.get().model_name == "tryon-max"
    assert 0.8 < job.result.width * job.result.height / pixels < 1.25


def test_a_retired_model_photo_is_refused(manager: Api, owner: Api, product_id: str, model_id: str) -> None:
    assert data_of(manager.patch(f"models/{model_id}", {"isActive": False}))["isActive"] is False
    response = owner.post("generate", {"productImageId": product_id, "modelImageId": model_id})
    assert response.status_code == 409
    assert error_of(response)["code"] == "model_image_inactive"
    assert TryOnJob.objects.count() == 0
