"""Jobs of two paid steps: what the first has brought is kept, used, and not paid for again by itself."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, Finish, Generate
from tests.factories import PredictionFactory, TryOnJobFactory, TryOnResultFactory
from tests.stores import away
from tryon import tasks
from tryon.engine import governor, lifecycle
from tryon.engine.advance import dispatch
from tryon.engine.lifecycle import JobEdge
from tryon.models import Account, EventKind, Pause, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.selectors.predictions import first_open_step

LOST_AFTER = import_module("tryon.engine.steps.rescue").LOST_AFTER

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def late_first_step(
    generate: Generate, work: Callable[[], None], past_deadline: Callable[[], None], sandbox: Sandbox
) -> str:
    """A job of two steps that failed at its deadline while FASHN was still working on the first."""
    job_id = str(generate(background="#ffffff")["jobId"])
    work()
    sandbox.inject("status", "InternalServerError")
    past_deadline()
    return job_id


def models(sandbox: Sandbox) -> list[str]:
    """Return the models that FASHN was asked for, in order."""
    return [row["modelName"] for row in sandbox.ledger()["predictions"]]


def test_a_retry_waits_for_a_late_earlier_step_instead_of_paying_for_another(
    late_first_step: str, owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    owner.post(f"jobs/{late_first_step}/retry")
    assert Prediction.objects.filter(state=PredictionState.RUNNING).count() == 1
    assert finish(late_first_step).status == Status.COMPLETED
    assert models(sandbox) == ["tryon-v1.6", "background-remove"]


def test_a_late_earlier_step_is_kept_and_its_job_goes_on_with_the_next(
    late_first_step: str, rescue_now: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    rescue_now()
    assert Prediction.objects.get(step=0).kept
    assert finish(late_first_step).status == Status.COMPLETED
    assert models(sandbox) == ["tryon-v1.6", "background-remove"]


def test_a_late_earlier_step_that_could_not_be_kept_at_once_is_used_all_the_same(
    late_first_step: str,
    rescue_now: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    with away(settings):
        rescue_now()
    assert TryOnJob.objects.get(pk=late_first_step).status == Status.FAILED
    rescue_now()
    assert finish(late_first_step).status == Status.COMPLETED
    assert models(sandbox) == ["tryon-v1.6", "background-remove"]


def test_nothing_more_is_paid_for_a_job_whose_picture_an_identical_one_has_brought(
    late_first_step: str, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    TryOnResultFactory.create(job__cache_key=TryOnJob.objects.get(pk=late_first_step).cache_key)
    rescue_now()
    assert Prediction.objects.get(step=0).kept
    assert TryOnJob.objects.get(pk=late_first_step).status == Status.FAILED
    assert models(sandbox) == ["tryon-v1.6"]


@pytest.fixture
def half_paid(generate: Generate, work: Callable[[], None], sandbox: Sandbox) -> str:
    """A job whose first step is paid, and whose second waits for credits."""
    sandbox.inject("run", "OutOfCredits", model="background-remove")
    job_id = str(generate(background="#ffffff")["jobId"])
    work()
    sandbox.advance(60)
    TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
    tasks.sweep()
    work()
    assert governor.current(Account.LIVE).pause == Pause.OUT_OF_CREDITS
    return job_id


def test_a_pause_may_last_longer_than_fashn_keeps_pictures(
    half_paid: str, rescue_now: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    rescue_now()
    sandbox.advance(73 * 3600)
    Prediction.objects.update(finished_at=clock.now() - timedelta(hours=73))
    governor.resume(Account.LIVE)
    assert finish(half_paid).status == Status.COMPLETED
    assert models(sandbox) == ["tryon-v1.6", "background-remove"]


def test_backing_off_again_does_not_put_off_the_copy(
    half_paid: str, work: Callable[[], None], sandbox: Sandbox
) -> None:
    soon = clock.now() + timedelta(seconds=40)
    long_ago = clock.now() - timedelta(hours=8)
    Prediction.objects.filter(step=0).update(rescue_at=soon, submitted_at=long_ago)
    sandbox.inject("run", "OutOfCredits", model="background-remove")
    governor.resume(Account.LIVE)
    tasks.sweep()
    work()
    assert governor.current(Account.LIVE).pause == Pause.OUT_OF_CREDITS
    assert Prediction.objects.get(step=0).rescue_at == soon


def test_a_copy_that_is_gone_is_no_dead_end_while_fashn_has_the_picture(
    half_paid: str, rescue_now: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    rescue_now()
    default_storage.delete(str(Prediction.objects.get(step=0).kept.name))
    governor.resume(Account.LIVE)
    assert finish(half_paid).status == Status.COMPLETED
    assert models(sandbox) == ["tryon-v1.6", "background-remove"]


def test_a_final_picture_makes_the_steps_before_it_unnecessary() -> None:
    job = TryOnJobFactory.create(failed=True)
    now = clock.now()
    for step, output in ((0, ""), (1, "https://cdn.fashn.ai/2.png")):
        PredictionFactory.create(
            job=job, step=step, state=PredictionState.SUCCEEDED, output=output, finished_at=now
        )
    assert first_open_step(job) == 2


def test_a_retry_is_good_for_one_call_although_the_one_before_ends_later() -> None:
    job = TryOnJobFactory.create()
    PredictionFactory.create(
        job=job, state=PredictionState.SUCCEEDED, finished_at=clock.now() + timedelta(minutes=1)
    )
    dispatch(Account.LIVE)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")
    lifecycle.requeue(job, JobEdge.RETRY, price=1)
    dispatch(Account.LIVE)
    job.refresh_from_db()
    assert job.status == Status.PROCESSING


def test_what_another_call_missed_does_not_count_against_a_picture(
    half_paid: str, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    for _ in range(LOST_AFTER):
        lifecycle.record(UUID(half_paid), EventKind.KEEPING_FAILED, prediction="another", lost=True)
    sandbox.inject("media", "missing")
    rescue_now()
    rescue_now()
    assert Prediction.objects.get(step=0).kept


def test_a_step_whose_picture_is_lost_is_paid_for_again_only_when_a_person_retries(
    half_paid: str, owner: Api, rescue_now: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("media", "missing", times=99)
    for _ in range(LOST_AFTER):
        rescue_now()
    governor.resume(Account.LIVE)
    assert finish(half_paid).error_code == "result_not_usable"
    assert models(sandbox) == ["tryon-v1.6"]

    sandbox.clear_faults()
    owner.post(f"jobs/{half_paid}/retry")
    assert finish(half_paid).status == Status.COMPLETED
    assert models(sandbox) == ["tryon-v1.6", "tryon-v1.6", "background-remove"]
