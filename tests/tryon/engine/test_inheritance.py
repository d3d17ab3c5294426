"""Money belongs to the recipe: however an attempt ended, asking again pays only for what is missing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from tests import images
from tests.conftest import Api, Finish, Generate, data_of
from tests.ledger import credits_paid
from tests.stores import away
from tryon import tasks
from tryon.fashn.client import FashnClient
from tryon.models import EventKind, JobEvent, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

# The options of each attempt here: two paid steps, three credits.
OPTIONS = {"background": "#ffffff", "resolution": "1k"}
PRICE = 3


def credits_saved(manager: Api) -> int:
    saved: int = data_of(manager.get("stats"))["reuse"]["creditsSaved"]
    return saved


type End = Callable[[], str]
type Again = Callable[[], dict[str, Any]]


@pytest.fixture
def canceled_at_fashn(
    generate: Generate, owner: Api, work: Callable[[], None], rescue_now: Callable[[], None], sandbox: Sandbox
) -> str:
    """Canceled while FASHN works on the first step; nobody has asked for the picture since."""
    job_id = str(generate(**OPTIONS)["jobId"])
    work()
    assert owner.post(f"jobs/{job_id}/cancel").status_code == 200
    return job_id


@pytest.fixture
def canceled_and_kept(canceled_at_fashn: str, rescue_now: Callable[[], None], sandbox: Sandbox) -> str:
    """Canceled, and FASHN's picture of the first step was copied; FASHN has deleted its own."""
    sandbox.advance(60)
    rescue_now()
    assert Prediction.objects.get().kept
    Prediction.objects.update(finished_at=clock.now() - timedelta(hours=73))
    return canceled_at_fashn


@pytest.fixture
def second_step_failed(generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox) -> str:
    """The try-on is paid, and its background step was refused."""
    job_id = str(generate(**OPTIONS)["jobId"])
    work()  # the first step is at FASHN
    sandbox.inject("prediction", "InputValidationError")
    assert finish(job_id).error_code == "input_refused"
    return job_id


@pytest.fixture
def picture_not_stored(
    generate: Generate,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    sandbox: Sandbox,
    settings: Settings,
) -> str:
    """Both steps are paid; storage was away until the deadline."""
    job_id = str(generate(**OPTIONS)["jobId"])
    work()
    sandbox.advance(60)
    TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
    tasks.sweep()
    work()
    assert Prediction.objects.filter(step=1, state=PredictionState.RUNNING).exists()
    sandbox.advance(60)
    with away(settings):
        past_deadline()
    job = TryOnJob.objects.get(pk=job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")
    return job_id


@pytest.fixture
def given_up_at_fashn(
    generate: Generate, work: Callable[[], None], past_deadline: Callable[[], None], sandbox: Sandbox
) -> str:
    """FASHN works on the first step for longer than the deadline."""
    job_id = str(generate(**OPTIONS)["jobId"])
    work()
    sandbox.inject("status", "InternalServerError")
    past_deadline()
    assert TryOnJob.objects.get(pk=job_id).error_code == "deadline_passed"
    return job_id


@pytest.fixture
def result_deleted(generate: Generate, finish: Finish, owner: Api) -> str:
    """Both steps are paid, and the result was deleted while FASHN still has its picture."""
    job = finish(generate(**OPTIONS)["jobId"])
    assert owner.delete(f"results/{job.result.pk}").status_code == 204
    return str(job.pk)


ENDS = (
    "canceled_at_fashn",
    "canceled_and_kept",
    "second_step_failed",
    "picture_not_stored",
    "given_up_at_fashn",
    "result_deleted",
)


@pytest.fixture
def ask_again(generate: Generate) -> Again:
    return lambda: dict(generate(**OPTIONS))


@pytest.fixture
def ask_by_another_key(stranger: Api, model_id: str) -> Again:
    """The same picture, uploaded by another key."""

    def ask() -> dict[str, Any]:
        product = data_of(stranger.upload(images.garment_photo(images.SMALL_SQUARE)))["id"]
        body = {"productImageId": product, "modelImageId": model_id, "options": OPTIONS}
        return dict(data_of(stranger.post("generate", body)))

    return ask


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("again", ["ask_again", "ask_by_another_key"])
def test_asking_again_pays_only_for_what_is_missing(
    request: pytest.FixtureRequest, end: str, again: str, finish: Finish, sandbox: Sandbox, manager: Api
) -> None:
    first = request.getfixturevalue(end)
    earlier = {row["id"] for row in sandbox.ledger()["predictions"]}

    answer = request.getfixturevalue(again)()

    assert answer["jobId"] != first
    second = finish(answer["jobId"])
    assert second.status == Status.COMPLETED
    assert second.result.credits_used == PRICE
    assert credits_paid(sandbox) == PRICE
    calls = sandbox.ledger()["predictions"]
    assert credits_saved(manager) == PRICE - sum(row["credits"] for row in calls if row["id"] not in earlier)


@pytest.mark.parametrize("end", ["second_step_failed", "picture_not_stored", "given_up_at_fashn"])
def test_a_retry_pays_only_for_what_is_missing(
    request: pytest.FixtureRequest, end: str, owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    job_id = request.getfixturevalue(end)

    assert owner.post(f"jobs/{job_id}/retry").status_code in (200, 202)

    assert finish(job_id).status == Status.COMPLETED
    assert credits_paid(sandbox) == PRICE


def test_asking_again_goes_on_with_a_call_in_flight_of_a_job_that_has_failed(
    canceled_at_fashn: str, ask_again: Again, finish: Finish, sandbox: Sandbox
) -> None:
    TryOnJob.objects.update(status=Status.FAILED, error_code="internal_error")
    Prediction.objects.update(state=PredictionState.RUNNING, rescue_at=None)

    assert finish(ask_again()["jobId"]).status == Status.COMPLETED
    assert credits_paid(sandbox) == PRICE


def test_the_first_job_can_take_back_what_the_second_took_over(
    second_step_failed: str, ask_again: Again, owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "InputValidationError")
    second = finish(ask_again()["jobId"])
    assert second.error_code == "input_refused"

    owner.post(f"jobs/{second_step_failed}/retry")

    assert finish(second_step_failed).status == Status.COMPLETED
    assert credits_paid(sandbox) == PRICE
    kinds = [EventKind.HANDED_OVER, EventKind.RETRIED]
    assert list(second.events.filter(kind__in=kinds).values_list("kind", flat=True)) == ["handed_over"]


def test_asking_again_never_pays_for_an_answer_that_got_lost(
    generate: Generate, owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "reset_after")
    assert finish(generate()["jobId"]).error_code == "submission_unknown"

    again = finish(generate()["jobId"])

    assert (again.status, again.error_code) == (Status.FAILED, "submission_unknown")
    assert sandbox.ledger()["requests"]["run"] == 1
    owner.post(f"jobs/{again.pk}/retry")  # a person decides
    assert finish(str(again.pk)).status == Status.COMPLETED
    assert sandbox.ledger()["requests"]["run"] == 2


def test_asking_again_never_pays_for_a_picture_that_got_lost(
    not_stored: TryOnJob, generate: Generate, finish: Finish, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("media", "missing", times=99)
    for _ in range(8):
        rescue_now()
    assert Prediction.objects.get().output == ""

    again = finish(generate()["jobId"])

    assert (again.status, again.error_code) == (Status.FAILED, "result_not_usable")
    assert sandbox.ledger()["requests"]["run"] == 1


def test_what_nobody_knows_to_be_paid_is_not_counted_as_saved(
    generate: Generate, owner: Api, manager: Api, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "reset_after")
    for _ in range(3):
        again = finish(generate()["jobId"])
        assert again.error_code == "submission_unknown"
    assert credits_saved(manager) == 0
    owner.post(f"jobs/{again.pk}/retry")
    assert finish(str(again.pk)).status == Status.COMPLETED
    assert credits_saved(manager) == 0


def test_who_joins_a_job_without_an_answer_has_saved_nothing_yet(
    generate: Generate, manager: Api, work: Callable[[], None], sandbox: Sandbox, settings: Settings
) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"  # FASHN's webhook never arrives
    sandbox.inject("run", "reset_after")
    first = generate()["jobId"]
    work()
    assert Prediction.objects.get().state == PredictionState.UNKNOWN

    assert generate()["jobId"] == first

    assert credits_saved(manager) == 0


def test_a_lost_picture_that_is_paid_for_again_saves_nothing(
    not_stored: TryOnJob,
    generate: Generate,
    owner: Api,
    manager: Api,
    finish: Finish,
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
) -> None:
    sandbox.inject("media", "missing", times=6)
    for _ in range(8):
        rescue_now()
    assert Prediction.objects.get().output == ""
    again = finish(generate()["jobId"])
    assert (again.error_code, credits_saved(manager)) == ("result_not_usable", 0)

    owner.post(f"jobs/{again.pk}/retry")

    assert finish(str(again.pk)).status == Status.COMPLETED
    assert (sandbox.ledger()["requests"]["run"], credits_saved(manager)) == (2, 0)


def test_what_is_lost_is_written_off_after_72_hours(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "reset_after")
    assert finish(generate()["jobId"]).error_code == "submission_unknown"
    Prediction.objects.update(submitted_at=clock.now() - timedelta(hours=73))

    assert finish(generate()["jobId"]).status == Status.COMPLETED


def test_the_answer_to_a_canceled_submission_goes_to_the_job_that_took_it_over(
    generate: Generate, owner: Api, finish: Finish, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is still sending when its job is canceled and asked for again."""
    run = FashnClient.run
    answers: list[dict[str, Any]] = []

    def run_while_people_change_their_minds(client: FashnClient, *args: Any, **kwargs: Any) -> str:
        provider_id = run(client, *args, **kwargs)
        if not answers:
            assert owner.post(f"jobs/{first}/cancel").status_code == 200
            answers.append(generate())
        return provider_id

    monkeypatch.setattr(FashnClient, "run", run_while_people_change_their_minds)
    first = generate()["jobId"]
    tasks.advance_job(first)

    second = answers[0]["jobId"]
    assert second != first
    prediction = Prediction.objects.get()
    assert (str(prediction.job_id), prediction.state) == (second, PredictionState.RUNNING)
    assert finish(second).status == Status.COMPLETED
    assert sandbox.ledger()["requests"]["run"] == 1


def test_a_canceled_jobs_picture_is_kept_for_as_long_as_a_result(
    canceled_and_kept: str, settings: Settings, owner: Api
) -> None:
    key = Prediction.objects.get().kept.name
    tasks.cleanup("kept_pictures")
    assert Prediction.objects.get().kept.name == key
    assert owner.get(f"jobs/{canceled_and_kept}").json()["data"]["status"] == "canceled"

    old = clock.now() - timedelta(days=settings.RESULT_TTL_DAYS + 1)
    Prediction.objects.update(finished_at=old)
    tasks.cleanup("kept_pictures")

    assert not Prediction.objects.get().kept
    assert JobEvent.objects.filter(kind=EventKind.COPY_REMOVED).count() == 1
