"""Many at once: threads with database connections of their own, on SQLite and on PostgreSQL."""

import copy
from importlib import import_module
from typing import Any, cast

import pytest
import requests
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.core import clock
from models_library.models import ModelImage
from results.models import TryOnResult
from tests import images
from tests.conftest import Api, Finish, data_of, error_of, requester
from tests.factories import TryOnJobFactory, TryOnResultFactory
from tests.threads import at_once
from tests.waiting import LONGEST_SECONDS
from tryon.engine import lifecycle
from tryon.engine.advance import advance, dispatch
from tryon.engine.leases import leased
from tryon.models import Account, JobEvent, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services.webhooks import webhook_receive

pytestmark = pytest.mark.django_db(transaction=True)


def test_fifty_identical_requests_make_one_job_and_one_paid_prediction(
    live_server: LiveServer,
    owner: Api,
    manager: Api,
    product_id: str,
    model_id: str,
    finish: Finish,
    sandbox: Sandbox,
) -> None:
    """Over real HTTP, while the job is made, and again when its picture is there."""

    def ask() -> Any:
        return requests.post(
            f"{live_server.url}/api/tryon/generate",
            json={"productImageId": product_id, "modelImageId": model_id},
            headers={"Authorization": owner.authorization},
            timeout=LONGEST_SECONDS,
        )

    answers = at_once(50, ask, threads=50)
    assert {answer.status_code for answer in answers} == {202}
    (job_id,) = {answer.json()["data"]["jobId"] for answer in answers}
    assert TryOnJob.objects.get().viewers.count() == 1
    finish(job_id)
    again = at_once(50, ask, threads=50)
    assert {(answer.status_code, answer.json()["data"]["jobId"]) for answer in again} == {(200, job_id)}
    assert TryOnJob.objects.count() == 1
    assert len(sandbox.ledger()["predictions"]) == 1
    assert data_of(manager.get("stats"))["reuse"] == {
        "hits": 50,
        "joins": 49,
        "misses": 1,
        "creditsSaved": 99,
    }


def test_many_dispatches_at_once_give_out_each_slot_once(settings: Settings) -> None:
    settings.QUEUE_CONCURRENCY = 5
    TryOnJobFactory.create_batch(40)
    at_once(30, lambda: dispatch(Account.LIVE))
    assert Prediction.objects.filter(state=PredictionState.RESERVED).count() == 5
    assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 5
    assert JobEvent.objects.filter(kind="started").count() == 5


def test_a_job_is_leased_to_one_at_a_time() -> None:
    job = TryOnJobFactory.create(status=Status.PROCESSING)
    holders = 0
    most = 0

    def hold() -> bool:
        nonlocal holders, most
        with leased(job.pk) as held:
            if held is None:
                return False
            holders += 1
            most = max(most, holders)
            TryOnJob.objects.filter(pk=job.pk).exists()
            holders -= 1
            return True

    outcomes = at_once(40, hold)
    assert most == 1
    assert any(outcomes)


def test_many_workers_at_once_submit_a_job_once(
    sandbox: Sandbox, owner: Api, product_id: str, model_id: str
) -> None:
    job_id = data_of(owner.post("generate", {"productImageId": product_id, "modelImageId": model_id}))[
        "jobId"
    ]
    job = TryOnJob.objects.get(pk=job_id)
    at_once(20, lambda: advance(job.pk))
    assert sandbox.ledger()["requests"]["run"] == 1
    assert Prediction.objects.count() == 1


def test_the_answer_to_a_submission_and_its_webhook_do_not_block_each_other() -> None:
    """Both change the job and the prediction."""
    for number in range(20):
        name = f"p-{number}"
        job = TryOnJobFactory.create(status=Status.PROCESSING)
        prediction = Prediction.objects.create(
            job=job, state=PredictionState.SENDING, submitted_at=clock.now(), model_name="tryon-v1.6"
        )

        def answered(prediction: Prediction = prediction, name: str = name) -> object:
            soon = clock.now()
            return lifecycle.mark_running(
                copy.copy(prediction), provider_id=name, expected_at=soon, next_check_at=soon
            )

        def announced(prediction: Prediction = prediction, name: str = name) -> object:
            return webhook_receive(token=prediction.callback_token, provider_id=name)

        calls = [answered, announced]
        at_once(2, lambda: calls.pop()(), threads=2)  # noqa: B023
        prediction.refresh_from_db()
        assert (prediction.state, prediction.provider_id) == (PredictionState.RUNNING, name)


def test_a_model_photo_that_is_deleted_while_it_is_asked_for_is_not_found(
    owner: Api, product_id: str, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("tryon.services.generate")
    create = module._create_job

    def deleted_first(*args: Any) -> TryOnJob:
        ModelImage.objects.all().delete()
        return cast(TryOnJob, create(*args))

    monkeypatch.setattr(module, "_create_job", deleted_first)
    answer = owner.post("generate", {"productImageId": product_id, "modelImageId": model_id})
    assert (answer.status_code, error_of(answer)["code"]) == (404, "model_image_not_found")


def test_a_retry_finds_the_picture_that_an_identical_job_has_just_made(
    owner: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = TryOnJobFactory.create(failed=True, requester=requester("Owner"))
    module = import_module("tryon.services.jobs")
    look = module.share_live

    def made_meanwhile(cache_key: str, *asked: Any) -> TryOnJob | None:
        found = look(cache_key, *asked)
        if not TryOnResult.objects.exists():
            TryOnResultFactory.create(job__cache_key=cache_key)
        return cast(TryOnJob | None, found)

    monkeypatch.setattr(module, "share_live", made_meanwhile)
    answer = owner.post(f"jobs/{failed.pk}/retry")
    assert answer.status_code == 200
    assert data_of(answer)["id"] == str(TryOnResult.objects.get().job_id)
    failed.refresh_from_db()
    assert failed.status == Status.FAILED


def two_viewers(owner: Api, stranger: Api, job: TryOnJob) -> list[Api]:
    """Both may see the job."""
    job.viewers.all().delete()
    for name in ("Owner", "Stranger"):
        job.viewers.create(requester=requester(name))
    return [owner, stranger]


def test_a_result_that_all_give_up_at_once_is_gone(owner: Api, stranger: Api) -> None:
    for _ in range(5):
        result = TryOnResultFactory.create()
        callers = two_viewers(owner, stranger, result.job)
        at_once(2, lambda: callers.pop().delete(f"results/{result.pk}"), threads=2)  # noqa: B023
        assert not TryOnResult.objects.exists()


def test_a_job_that_all_cancel_at_once_is_canceled(owner: Api, stranger: Api) -> None:
    for _ in range(5):
        job = TryOnJobFactory.create()
        callers = two_viewers(owner, stranger, job)
        at_once(2, lambda: callers.pop().post(f"jobs/{job.pk}/cancel"), threads=2)  # noqa: B023
        job.refresh_from_db()
        assert job.status == Status.CANCELED


def test_who_is_answered_with_a_picture_can_see_it_although_another_gives_it_up(
    owner: Api, stranger: Api, product_id: str, model_id: str, finish: Finish, sandbox: Sandbox
) -> None:
    """The picture goes, or it stays for the one who has just asked: never an answer without a picture."""
    shared = data_of(stranger.upload(images.garment_photo(images.SMALL_SQUARE)))["id"]
    for _ in range(5):
        asked = data_of(owner.post("generate", {"productImageId": product_id, "modelImageId": model_id}))
        result_id = finish(asked["jobId"]).result.pk
        calls = [
            lambda: owner.delete(f"results/{result_id}"),  # noqa: B023
            lambda: stranger.post("generate", {"productImageId": shared, "modelImageId": model_id}),
        ]
        answers = at_once(2, lambda: calls.pop()(), threads=2)  # noqa: B023
        answer = next(data_of(one) for one in answers if one.status_code != 204)
        if answer["status"] == "completed":
            shown = data_of(stranger.get(f"jobs/{answer['jobId']}"))
            assert shown["resultImageUrl"]
        job = finish(answer["jobId"])
        assert stranger.delete(f"results/{job.result.pk}").status_code == 204
