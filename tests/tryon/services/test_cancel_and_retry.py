"""POST /jobs/{id}/cancel and /retry, and GET /jobs."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.core import clock
from config.shops.callers import Caller
from config.shops.models import Shop
from results.models import TryOnResult
from tests.conftest import Api, Finish, Generate, data_of, error_of
from tests.factories import PredictionFactory, TryOnJobFactory, TryOnResultFactory, model_of
from tryon import tasks
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services import jobs

pytestmark = pytest.mark.django_db(transaction=True)


def requester(name: str) -> str:
    return f"shop:{Shop.objects.get(name=name).pk}"


def test_a_queued_job_is_canceled_for_nothing(
    owner: Api, generate: Generate, work: Callable[[], None], sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    assert data_of(owner.post(f"jobs/{job_id}/cancel"))["status"] == "canceled"
    work()
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "canceled"
    assert sandbox.ledger()["predictions"] == []


def test_the_picture_of_a_canceled_job_is_dropped_and_its_credit_noted(
    owner: Api, generate: Generate, work: Callable[[], None], sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    work()
    assert data_of(owner.post(f"jobs/{job_id}/cancel"))["status"] == "canceled"
    Prediction.objects.update(rescue_at=clock.now())
    tasks.sweep()
    work()
    prediction = Prediction.objects.get()
    assert (prediction.state, prediction.credits_used) == (PredictionState.SUCCEEDED, 1)
    assert TryOnJob.objects.get().status == Status.CANCELED
    assert not TryOnResult.objects.exists()


def test_an_ended_job_is_not_canceled(owner: Api) -> None:
    job = TryOnJobFactory.create(completed=True, requester=requester("Owner"))
    response = owner.post(f"jobs/{job.pk}/cancel")
    assert (response.status_code, error_of(response)["code"]) == (409, "job_not_cancelable")


@pytest.mark.usefixtures("sandbox")
def test_a_cancel_that_meets_the_completion_is_refused(
    owner: Api, generate: Generate, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = generate()["jobId"]
    TryOnJob.objects.get().viewers.create(requester="shop:other")
    is_viewer = jobs.is_viewer

    def before_the_completion(job: TryOnJob, caller: Caller) -> bool:
        allowed = is_viewer(job, caller)
        finish(job_id)
        return allowed

    monkeypatch.setattr(jobs, "is_viewer", before_the_completion)
    answer = owner.post(f"jobs/{job_id}/cancel")

    assert (answer.status_code, error_of(answer)["code"]) == (409, "job_not_cancelable")
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "completed"


def test_one_of_two_who_asked_cancels_for_himself_only(
    owner: Api, stranger: Api, generate: Generate, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    TryOnJob.objects.get().viewers.create(requester=requester("Stranger"))
    assert data_of(owner.post(f"jobs/{job_id}/cancel"))["status"] == "canceled"
    assert data_of(stranger.get(f"jobs/{job_id}"))["status"] == "queued"
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "canceled"
    assert error_of(owner.post(f"jobs/{job_id}/cancel"))["code"] == "job_not_cancelable"
    assert error_of(owner.post(f"jobs/{job_id}/retry"))["code"] == "job_not_failed"
    assert generate()["jobId"] == job_id  # who asks again is with the others again
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "queued"
    assert data_of(stranger.post(f"jobs/{job_id}/cancel"))["status"] == "canceled"
    assert data_of(owner.post(f"jobs/{job_id}/cancel"))["status"] == "canceled"
    assert TryOnJob.objects.get().status == Status.CANCELED  # nobody is left


def test_a_manager_cancels_for_all_who_asked(owner: Api, manager: Api, generate: Generate) -> None:
    job_id = generate()["jobId"]
    assert data_of(manager.post(f"jobs/{job_id}/cancel"))["status"] == "canceled"
    assert data_of(owner.get(f"jobs/{job_id}"))["status"] == "canceled"


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_stranger_can_do_nothing(stranger: Api, action: str) -> None:
    job = TryOnJobFactory.create(failed=True)
    response = stranger.post(f"jobs/{job.pk}/{action}")
    assert (response.status_code, error_of(response)["code"]) == (404, "job_not_found")


def test_a_failed_job_is_retried_as_if_new(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "PoseError")
    job_id = generate()["jobId"]
    assert finish(job_id).status == Status.FAILED
    response = owner.post(f"jobs/{job_id}/retry")
    assert response.status_code == 202
    assert data_of(response)["queuePosition"] == 1
    assert finish(job_id).status == Status.COMPLETED


def test_a_retry_goes_on_with_a_call_in_flight_that_no_worker_knows_of(
    owner: Api, generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    work()
    TryOnJob.objects.update(status=Status.FAILED, error_code="internal_error")
    before = clock.now() - timedelta(minutes=1)
    lost = PredictionFactory.create(
        job=TryOnJob.objects.get(), state=PredictionState.UNKNOWN, provider_id="lost"
    )
    Prediction.objects.filter(pk=lost.pk).update(created_at=before, submitted_at=before, rescue_at=before)

    response = owner.post(f"jobs/{job_id}/retry")

    assert (response.status_code, data_of(response)["status"]) == (202, "processing")
    assert finish(job_id).status == Status.COMPLETED
    assert sandbox.ledger()["requests"]["run"] == 1


def test_a_retry_finds_the_picture_that_another_job_made(owner: Api) -> None:
    result = TryOnResultFactory.create()
    job = TryOnJobFactory.create(failed=True, cache_key=result.cache_key, requester=requester("Owner"))
    response = owner.post(f"jobs/{job.pk}/retry")
    assert response.status_code == 200
    assert data_of(response)["id"] == str(result.job_id)


def test_a_retry_joins_the_identical_job_under_way(owner: Api) -> None:
    failed = TryOnJobFactory.create(failed=True, requester=requester("Owner"))
    active = TryOnJobFactory.create(cache_key=failed.cache_key)
    assert data_of(owner.post(f"jobs/{failed.pk}/retry"))["id"] == str(active.pk)
    assert TryOnJob.objects.get(pk=failed.pk).status == Status.FAILED


def test_only_failed_jobs_are_retried(owner: Api) -> None:
    job = TryOnJobFactory.create(requester=requester("Owner"))
    assert error_of(owner.post(f"jobs/{job.pk}/retry"))["code"] == "job_not_failed"
    TryOnJob.objects.update(status=Status.FAILED, error_code="pose_not_found")
    model_of(job).is_active = False
    model_of(job).save()
    assert error_of(owner.post(f"jobs/{job.pk}/retry"))["code"] == "model_image_inactive"
    type(model_of(job)).objects.update(is_active=True)
    type(job.product_image).objects.update(is_active=False)
    assert error_of(owner.post(f"jobs/{job.pk}/retry"))["code"] == "product_image_inactive"


def test_a_job_with_options_of_another_time_is_not_retried(owner: Api) -> None:
    job = TryOnJobFactory.create(failed=True, options={"mode": "turbo"}, requester=requester("Owner"))
    response = owner.post(f"jobs/{job.pk}/retry")
    assert (response.status_code, error_of(response)["code"]) == (409, "options_outdated")


def test_jobs_are_listed_newest_first_and_filtered(owner: Api, stranger: Api) -> None:
    mine = requester("Owner")
    first = TryOnJobFactory.create(failed=True, requester=mine)
    second = TryOnJobFactory.create(requester=mine)
    assert [job["id"] for job in data_of(owner.get("jobs"))] == [str(second.pk), str(first.pk)]
    assert [job["id"] for job in data_of(owner.get("jobs", status="failed"))] == [str(first.pk)]
    assert data_of(stranger.get("jobs")) == []
    assert list(error_of(owner.get("jobs", status="lost"))["details"]["fields"]) == ["status"]


def test_a_longer_list_costs_no_more_queries(owner: Api) -> None:
    def add(number: int) -> None:
        for _ in range(number):
            job = TryOnJobFactory.create(completed=True, requester=requester("Owner"))
            TryOnResultFactory.create(job=job)

    add(2)
    owner.get("jobs")  # the key is remembered from here
    with CaptureQueriesContext(connection) as few:
        owner.get("jobs")
    add(4)
    with CaptureQueriesContext(connection) as many:
        owner.get("jobs")
    # The page, whose end tells the total. SQLite looks first if the caller has few rows.
    assert len(few) == len(many) == (2 if connection.vendor == "sqlite" else 1)
