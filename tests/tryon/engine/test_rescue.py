"""A paid picture is not lost because its job gave up."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from config.core import clock
from config.core.storage import read
from tests.conftest import Api, Finish, Generate, data_of
from tests.factories import TryOnJobFactory
from tryon import tasks
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_late_picture_completes_its_job_and_is_counted(
    given_up: TryOnJob, owner: Api, manager: Api, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    rescue_now()
    shown = data_of(owner.get(f"jobs/{given_up.pk}"))
    assert shown["status"] == "completed"
    assert "errorCode" not in shown
    assert len(sandbox.ledger()["predictions"]) == 1
    assert data_of(manager.get("stats"))["rescued"] == {"pictures": 1, "credits": 1}


def test_it_is_asked_more_and_more_slowly(
    given_up: TryOnJob, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("status", "InternalServerError")
    rescue_now()
    prediction = given_up.predictions.get()
    assert prediction.state == PredictionState.UNKNOWN
    assert prediction.rescue_at is not None
    # a quarter of its age
    assert timedelta(minutes=3) < prediction.rescue_at - clock.now() < timedelta(minutes=4)


@pytest.mark.parametrize(
    ("age", "least", "most"),
    [(24, timedelta(minutes=55), timedelta(minutes=60)), (71, timedelta(minutes=25), timedelta(minutes=30))],
)
def test_it_is_asked_once_an_hour_at_least_and_before_fashn_deletes_it(
    given_up: TryOnJob,
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
    age: int,
    least: timedelta,
    most: timedelta,
) -> None:
    Prediction.objects.update(submitted_at=clock.now() - timedelta(hours=age))
    sandbox.inject("status", "InternalServerError")
    rescue_now()
    planned = given_up.predictions.get().rescue_at
    assert planned is not None
    assert least < planned - clock.now() <= most


def test_after_72_hours_nobody_asks_any_more(
    given_up: TryOnJob, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    Prediction.objects.update(submitted_at=clock.now() - timedelta(hours=73))
    sandbox.inject("status", "InternalServerError")
    rescue_now()
    assert given_up.predictions.get().rescue_at is None


def test_a_retry_by_a_person_uses_the_late_picture_instead_of_paying(
    given_up: TryOnJob, owner: Api, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    TryOnJob.objects.update(not_before=None)
    Prediction.objects.filter(rescue_at__isnull=False).update(rescue_at=clock.now())
    owner.post(f"jobs/{given_up.pk}/retry")
    TryOnJob.objects.update(not_before=clock.now() + timedelta(minutes=5))
    tasks.sweep()
    work()
    assert finish(str(given_up.pk)).status == Status.COMPLETED
    assert len(sandbox.ledger()["predictions"]) == 1


def test_a_prediction_that_failed_late_stays_failed(
    given_up: TryOnJob, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("status", "NotFound")
    rescue_now()
    given_up.refresh_from_db()
    assert given_up.status == Status.FAILED
    assert given_up.predictions.get().rescue_at is None


def test_an_identical_job_under_way_is_not_disturbed(
    given_up: TryOnJob, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    TryOnJobFactory.create(cache_key=given_up.cache_key, not_before=clock.now() + timedelta(minutes=5))
    rescue_now()
    given_up.refresh_from_db()
    assert given_up.status == Status.FAILED
    assert given_up.events.filter(kind="late_picture").exists()


@pytest.fixture
def half_done(generate: Generate, finish: Finish, sandbox: Sandbox) -> TryOnJob:
    """A job whose try-on is paid for and whose cutting-out failed for good."""
    sandbox.inject("prediction", "ContentModerationError", model="background-remove")
    job = finish(generate(background="#f5f5f5")["jobId"])
    assert (job.status, job.error_code) == (Status.FAILED, "content_refused")
    return job


def test_a_paid_picture_of_an_earlier_step_is_kept_and_not_paid_again(
    store: str,
    half_done: TryOnJob,
    owner: Api,
    rescue_now: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
) -> None:
    rescue_now()
    first = half_done.predictions.get(step=0)
    assert first.rescue_at is None
    assert read(str(first.kept)).startswith(b"\x89PNG")

    sandbox.advance(73 * 3600)  # FASHN's own copy is gone
    Prediction.objects.update(finished_at=clock.now() - timedelta(hours=73))
    owner.post(f"jobs/{half_done.pk}/retry")

    assert finish(str(half_done.pk)).status == Status.COMPLETED
    models = [row["modelName"] for row in sandbox.ledger()["predictions"]]
    assert models == ["tryon-v1.6", "background-remove", "background-remove"]


def test_a_picture_that_can_not_be_copied_now_is_copied_later(
    half_done: TryOnJob, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("media", "InternalServerError")
    rescue_now()
    first = half_done.predictions.get(step=0)
    assert not first.kept
    assert first.rescue_at is not None
    rescue_now()
    assert half_done.predictions.get(step=0).kept


def test_a_paid_picture_that_could_not_be_stored_in_time_is_stored_later(
    not_stored: TryOnJob, owner: Api, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    rescue_now()
    assert data_of(owner.get(f"jobs/{not_stored.pk}"))["status"] == "completed"
    assert len(sandbox.ledger()["predictions"]) == 1
