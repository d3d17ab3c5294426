"""Faults of FASHN, and the job, the money and the slot after each."""

import math
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError
from PIL import Image
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, Finish, Generate, data_of, download
from tests.stores import away, stored_keys
from tryon import tasks
from tryon.engine.advance import advance
from tryon.engine.governor import slots_taken
from tryon.models import Account, JobEvent, Prediction, PredictionState, ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def paid(sandbox: Sandbox) -> int:
    """Predictions that FASHN charged for."""
    return sum(1 for row in sandbox.ledger()["predictions"] if row["credits"])


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("ContentModerationError", "content_refused"),
        ("PoseError", "pose_not_found"),
        ("InputValidationError", "input_refused"),
    ],
)
def test_a_refusal_of_the_photos_is_final_and_says_what_to_do(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox, fault: str, code: str
) -> None:
    sandbox.inject("prediction", fault)
    job_id = generate()["jobId"]
    finish(job_id)
    job = data_of(owner.get(f"jobs/{job_id}"))
    assert (job["status"], job["errorCode"], job["retryable"]) == ("failed", code, False)
    assert job["errorMessage"].endswith(".")
    assert "resultImageUrl" not in job
    assert len(sandbox.ledger()["predictions"]) == 1
    assert slots_taken(Account.LIVE) == 0


@pytest.mark.parametrize("fault", ["UnavailableError", "PipelineError", "ThirdPartyError", "unknown_error"])
def test_a_passing_fault_is_retried_with_a_new_prediction(
    generate: Generate, finish: Finish, sandbox: Sandbox, fault: str
) -> None:
    sandbox.inject("prediction", fault)
    job = finish(generate()["jobId"])
    assert (job.status, job.retry_count) == (Status.COMPLETED, 1)
    assert [row["status"] for row in sandbox.ledger()["predictions"]] == ["failed", "completed"]
    assert paid(sandbox) == 1


def test_retries_back_off_and_are_used_up(
    generate: Generate, finish: Finish, sandbox: Sandbox, settings: Settings
) -> None:
    settings.QUEUE_MAX_RETRIES, settings.QUEUE_RETRY_DELAY = 2, 400_000
    sandbox.inject("prediction", "PipelineError", times=9)
    job = finish(generate()["jobId"])
    assert (job.status, job.error_code, job.retry_count) == (Status.FAILED, "provider_pipeline_error", 2)
    assert len(sandbox.ledger()["predictions"]) == 3
    waits = [
        datetime.fromisoformat(event.data["until"]) - event.at
        for event in job.events.filter(kind="backed_off")
    ]
    # A fifth shorter or longer by chance. The event is written some moments after the wait began.
    assert timedelta(seconds=312) < waits[0] <= timedelta(seconds=480)
    assert timedelta(seconds=632) < waits[1] <= timedelta(seconds=960)


def test_jobs_that_were_refused_together_do_not_return_together(
    generate: Generate, work: Callable[[], None], sandbox: Sandbox, settings: Settings
) -> None:
    settings.QUEUE_RETRY_DELAY = 1_000_000_000
    sandbox.inject("run", "InternalServerError", times=4)
    for seed in range(4):
        generate(seed=seed)
    work()
    returns = [at for at in TryOnJob.objects.values_list("not_before", flat=True) if at is not None]
    assert len(returns) == 4
    # Of a million seconds, give or take a fifth. Without chance they would lie as close as the refusals.
    assert max(returns) - min(returns) > timedelta(seconds=100)


@pytest.mark.parametrize("fault", ["InternalServerError", "service_unavailable", "no_id"])
def test_a_submission_that_fashn_did_not_accept_is_sent_again(
    generate: Generate, finish: Finish, sandbox: Sandbox, fault: str
) -> None:
    sandbox.inject("run", fault)
    job = finish(generate()["jobId"])
    assert (job.status, job.retry_count) == (Status.COMPLETED, 1)
    assert paid(sandbox) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "bad_gateway"])
def test_a_submission_without_an_answer_is_never_sent_again_by_itself(
    owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox, fault: str
) -> None:
    sandbox.inject("run", fault)
    job_id = generate()["jobId"]
    job = finish(job_id)
    assert job.status == Status.FAILED
    assert sandbox.ledger()["requests"]["run"] == 1
    assert job.predictions.get().state == PredictionState.UNKNOWN
    assert data_of(owner.get(f"jobs/{job_id}"))["errorCode"] == "submission_unknown"
    assert slots_taken(Account.LIVE) == 1  # FASHN may be working on it


def test_a_worker_that_died_while_sending_leaves_an_unknown_submission(
    generate: Generate, sandbox: Sandbox
) -> None:
    job = TryOnJob.objects.get(pk=generate()["jobId"])
    TryOnJob.objects.filter(pk=job.pk).update(
        status=Status.PROCESSING, lease=uuid.uuid4(), lease_until=clock.now() - timedelta(seconds=1)
    )
    Prediction.objects.create(
        job=job, model_name="tryon-v1.6", state=PredictionState.SENDING, submitted_at=clock.now()
    )
    advance(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "submission_unknown")
    assert sandbox.ledger()["predictions"] == []


def test_a_job_in_other_hands_is_left_alone(generate: Generate, sandbox: Sandbox) -> None:
    job_id = generate()["jobId"]
    lease = uuid.uuid4()
    TryOnJob.objects.filter(pk=job_id).update(lease=lease, lease_until=clock.now() + timedelta(seconds=60))
    advance(uuid.UUID(job_id))
    assert TryOnJob.objects.get(pk=job_id).lease == lease
    assert sandbox.ledger()["predictions"] == []


@pytest.mark.parametrize("fault", ["InternalServerError", "RateLimitExceeded", "bad_gateway", "reset_after"])
def test_a_failed_check_is_asked_again_and_changes_nothing(
    generate: Generate, finish: Finish, sandbox: Sandbox, fault: str
) -> None:
    sandbox.inject("status", fault, times=2)
    job = finish(generate()["jobId"])
    assert (job.status, job.retry_count) == (Status.COMPLETED, 0)
    assert paid(sandbox) == 1


def test_a_prediction_that_fashn_forgot_fails_the_job(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("status", "NotFound")
    job = finish(generate()["jobId"])
    assert (job.status, job.error_code) == (Status.FAILED, "prediction_lost")


def test_a_job_past_its_deadline_fails_and_tells_so(
    generate: Generate, work: Callable[[], None], past_deadline: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "never_ends")
    job_id = generate()["jobId"]
    work()
    past_deadline()
    job = TryOnJob.objects.get(pk=job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "deadline_passed")
    assert slots_taken(Account.LIVE) == 0


@pytest.mark.parametrize(
    "fault",
    ["InternalServerError", "service_unavailable", "reset_after", "truncated", "missing", "wrong_type"],
)
def test_a_paid_picture_that_could_not_be_fetched_is_fetched_again(
    generate: Generate, finish: Finish, sandbox: Sandbox, fault: str
) -> None:
    sandbox.inject("media", fault)
    job = finish(generate()["jobId"])
    assert (job.status, job.retry_count) == (Status.COMPLETED, 0)
    assert paid(sandbox) == 1


@pytest.mark.parametrize("fault", ["wrong_type", "huge_pixels", "huge_file", "missing"])
def test_a_picture_that_is_none_fails_the_job_and_leaves_no_file(
    store: str,
    owner: Api,
    generate: Generate,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    sandbox: Sandbox,
    fault: str,
) -> None:
    sandbox.inject("media", fault, times=9)
    job_id = generate()["jobId"]
    work()
    sandbox.advance(60)
    past_deadline()
    job = data_of(owner.get(f"jobs/{job_id}"))
    assert (job["status"], job["errorCode"]) == ("failed", "result_not_usable")
    assert not {key for key in stored_keys() if key.startswith("results/")}


def test_a_paid_picture_waits_for_a_store_that_is_away(
    store: str,
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    job_id = generate()["jobId"]
    work()
    before = stored_keys()
    sandbox.advance(60)
    with away(settings):
        TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
        tasks.sweep()
        work()
        waiting = TryOnJob.objects.get(pk=job_id)
        assert (waiting.status, waiting.retry_count) == (Status.PROCESSING, 0)
        assert waiting.events.get(kind="collecting_failed").data == {"code": "storage_unavailable"}
    assert stored_keys() == before
    job = finish(job_id)
    assert job.status == Status.COMPLETED
    assert stored_keys() - before == {str(job.result.image.name), str(job.result.thumbnail.name)}
    assert paid(sandbox) == 1


@pytest.mark.parametrize("error", [ZeroDivisionError(), MemoryError(), IntegrityError("twice")])
def test_an_unexpected_error_while_collecting_is_on_the_jobs_page_and_tried_more_and_more_slowly(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def break_down(*args: object) -> None:
        raise error

    job_id = generate()["jobId"]
    work()
    sandbox.advance(60)
    waits = []
    with monkeypatch.context() as patch:
        patch.setattr(import_module("tryon.engine.steps.collect"), "read_result", break_down)
        for _ in range(5):
            TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
            tasks.sweep()
            work()
            waiting = TryOnJob.objects.get(pk=job_id)
            assert (waiting.status, waiting.retry_count) == (Status.PROCESSING, 0)
            assert waiting.next_check_at is not None
            waits.append(math.ceil((waiting.next_check_at - clock.now()).total_seconds() / 5))
        assert waits == sorted(waits)
        assert (waits[0], waits[-1]) == (1, 12)
        events = waiting.events.filter(kind="collecting_failed").values_list("data", flat=True)
        assert list(events) == [{"code": "internal_error"}] * 5
    assert finish(job_id).status == Status.COMPLETED
    assert paid(sandbox) == 1


def test_an_unexpected_error_while_rescuing_is_on_the_jobs_page(
    given_up: TryOnJob, rescue_now: Callable[[], None], finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("tryon.engine.steps.rescue.read_result", break_down)
        rescue_now()
    failures = given_up.events.filter(kind="keeping_failed").values_list("data__code", "data__lost")
    assert set(failures) == {("internal_error", False)}
    rescue_now()
    assert finish(str(given_up.pk)).status == Status.COMPLETED


def test_photos_that_can_not_be_read_just_now_are_read_again(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox, settings: Settings
) -> None:
    job_id = generate()["jobId"]
    with away(settings):
        work()
        waiting = TryOnJob.objects.get(pk=job_id)
        assert (waiting.status, waiting.retry_count) == (Status.QUEUED, 1)
    assert sandbox.ledger()["requests"].get("run", 0) == 0
    assert finish(job_id).status == Status.COMPLETED


def test_a_result_on_a_host_outside_the_allow_list_is_never_asked_for(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    with Sandbox() as elsewhere:
        sandbox.inject("media", "redirect", url=f"{elsewhere.url}/private.png", times=9)
        job = finish(generate()["jobId"])
        assert elsewhere.ledger()["requests"] == {}
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")


def test_an_answer_that_names_a_host_outside_the_allow_list_is_never_asked_for(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    with Sandbox() as elsewhere:
        sandbox.inject("prediction", "wrong_host", host=elsewhere.url)
        job = finish(generate()["jobId"])
        assert elsewhere.ledger()["requests"] == {}
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")


def test_a_picture_one_can_look_through_is_stored_as_it_is(
    store: str, owner: Api, generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("media", "transparent")
    job = finish(generate()["jobId"])
    result = data_of(owner.get(f"results/{job.result.pk}"))
    with Image.open(BytesIO(download(owner, result["imageUrl"]))) as picture:
        assert picture.mode == "RGBA"
    with Image.open(BytesIO(download(owner, result["thumbnailUrl"]))) as thumbnail:
        assert thumbnail.mode == "RGB"


def test_a_cut_out_with_nothing_left_of_the_person_is_not_shown_as_a_result(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("media", "empty", model="background-remove")
    job = finish(generate(background="#ffffff")["jobId"])
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")
    assert job.events.get(kind="picture_refused").data == {"code": "image_blank"}


def test_a_picture_with_nothing_to_see_in_it_is_not_shown_as_a_result(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("media", "empty")
    job = finish(generate()["jobId"])
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")


def test_a_source_photo_without_its_file_fails_before_anything_is_paid(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    default_storage.delete(str(ProductImage.objects.get().processed.name))
    job = finish(generate()["jobId"])
    assert (job.status, job.error_code) == (Status.FAILED, "picture_missing")
    assert sandbox.ledger()["requests"].get("run", 0) == 0


def test_every_step_is_in_the_flight_recorder(generate: Generate, finish: Finish, sandbox: Sandbox) -> None:
    sandbox.inject("prediction", "PipelineError")
    job = finish(generate()["jobId"])
    kinds = [kind for kind in job.events.values_list("kind", flat=True) if kind != "checked"]
    assert kinds == [
        "queued",
        "started",
        "submitting",
        "submitted",
        "prediction_failed",
        "backed_off",
        "started",
        "submitting",
        "submitted",
        "picture_ready",
        "completed",
    ]
    assert not JobEvent.objects.filter(data__icontains="http").exists()
