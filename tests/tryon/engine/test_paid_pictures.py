"""A paid picture is fetched, whatever became of its job, and nothing is paid for again by itself."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from config.core import clock
from config.core.storage import StorageUnavailable
from tests.conftest import Api, Finish, Generate, data_of
from tests.factories import PredictionFactory, TryOnJobFactory
from tests.ledger import runs
from tests.stores import away
from tryon import tasks
from tryon.engine import governor, lifecycle
from tryon.engine.leases import leased
from tryon.engine.lifecycle import JobEdge
from tryon.failures import FailureCode
from tryon.models import Account, Pause, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def killed_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], pytest.MonkeyPatch]:
    """Have a worker end at a function of a module of ``tryon.engine.steps``, until it is undone."""

    def arrange(module: str, function: str) -> pytest.MonkeyPatch:
        def end(*args: Any, **kwargs: Any) -> None:
            raise Killed

        monkeypatch.setattr(import_module(f"tryon.engine.steps.{module}"), function, end)
        return monkeypatch

    return arrange


def test_a_picture_that_proves_lost_is_not_paid_for_again_by_itself(
    not_stored: TryOnJob, manager: Api, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("media", "missing", times=99)
    for _ in range(4):
        rescue_now()
    not_stored.refresh_from_db()
    assert (not_stored.status, not_stored.error_code) == (Status.FAILED, "result_not_usable")
    assert runs(sandbox) == 1
    assert data_of(manager.get("stats"))["rescued"] == {"pictures": 0, "credits": 0}


def test_a_retry_waits_for_a_late_picture_instead_of_paying_for_another(
    given_up: TryOnJob, owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    owner.post(f"jobs/{given_up.pk}/retry")
    assert finish(str(given_up.pk)).status == Status.COMPLETED
    assert runs(sandbox) == 1


@pytest.mark.parametrize("fault", ["missing", "wrong_type", "gateway_not_found", "truncated"])
@pytest.mark.parametrize("failed_by", ["given_up", "not_stored"])
def test_a_late_picture_is_not_given_up_for_one_bad_answer(
    request: pytest.FixtureRequest,
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
    failed_by: str,
    fault: str,
) -> None:
    job: TryOnJob = request.getfixturevalue(failed_by)
    sandbox.inject("media", fault)
    rescue_now()
    assert job.events.get(kind="keeping_failed").data["lost"] is True
    rescue_now()
    job.refresh_from_db()
    assert job.status == Status.COMPLETED


@pytest.mark.parametrize("fault", ["truncated", "huge_file", "missing"])
def test_a_person_can_pay_for_another_when_the_picture_stays_unusable(
    not_stored: TryOnJob,
    owner: Api,
    manager: Api,
    past_deadline: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    fault: str,
) -> None:
    sandbox.inject("media", fault, times=99)
    owner.post(f"jobs/{not_stored.pk}/retry")
    past_deadline()
    not_stored.refresh_from_db()
    assert not_stored.error_code == "result_not_usable"
    assert runs(sandbox) == 1
    sandbox.clear_faults()
    owner.post(f"jobs/{not_stored.pk}/retry")
    assert finish(str(not_stored.pk)).status == Status.COMPLETED
    assert runs(sandbox) == 2
    assert data_of(manager.get("stats"))["rescued"] == {"pictures": 0, "credits": 0}


@pytest.mark.parametrize("who", ["rescue", "person"])
def test_what_is_paid_for_waits_for_no_slot_no_pause_and_no_budget(
    not_stored: TryOnJob,
    owner: Api,
    work: Callable[[], None],
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
    settings: Settings,
    who: str,
) -> None:
    settings.TRYON_DAILY_LIMIT = 1
    governor.pause(Account.LIVE, Pause.OPERATOR)
    if who == "person":
        assert owner.post(f"jobs/{not_stored.pk}/retry").status_code == 202
        work()
    else:
        rescue_now()
    assert data_of(owner.get(f"jobs/{not_stored.pk}"))["status"] == "completed"
    assert runs(sandbox) == 1


def test_a_picture_on_a_host_that_is_not_allowed_yet_is_not_given_up(
    generate: Generate, owner: Api, finish: Finish, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    with Sandbox() as elsewhere:
        sandbox.inject("prediction", "wrong_host", host=elsewhere.url)
        job_id = generate()["jobId"]
        assert finish(job_id).error_code == "result_not_usable"
        prediction = Prediction.objects.get()
        assert prediction.output.startswith(elsewhere.url)
        assert prediction.rescue_at is not None
        owner.post(f"jobs/{job_id}/retry")
        assert finish(job_id).status == Status.FAILED
        for _ in range(3):
            rescue_now()
    job = TryOnJob.objects.get(pk=job_id)
    assert not job.events.filter(kind="revived").exists()  # it does not flap between failed and processing
    assert runs(sandbox) == 1


def test_an_identical_job_that_fails_after_all_leaves_the_late_picture_to_the_first(
    given_up: TryOnJob, rescue_now: Callable[[], None], sandbox: Sandbox
) -> None:
    twin = TryOnJobFactory.create(cache_key=given_up.cache_key, not_before=clock.now() + timedelta(minutes=5))
    rescue_now()
    TryOnJob.objects.filter(pk=twin.pk).update(status=Status.FAILED, error_code="pose_not_found")
    rescue_now()
    given_up.refresh_from_db()
    assert given_up.status == Status.COMPLETED


def test_a_worker_killed_between_hearing_of_a_late_picture_and_fetching_it_loses_nothing(
    given_up: TryOnJob, rescue_now: Callable[[], None], killed_in: Callable[[str, str], pytest.MonkeyPatch]
) -> None:
    undo = killed_in("rescue", "_make_use_of")
    with pytest.raises(Killed):
        tasks.rescue_prediction(str(due_prediction().pk))
    undo.undo()
    rescue_now()
    given_up.refresh_from_db()
    assert given_up.status == Status.COMPLETED


def due_prediction() -> Prediction:
    Prediction.objects.update(rescue_at=clock.now())
    return Prediction.objects.get()


def test_a_job_does_not_fail_before_its_pictures_are_looked_after(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    settings: Settings,
    killed_in: Callable[[str, str], pytest.MonkeyPatch],
) -> None:
    job_id = generate()["jobId"]
    work()
    sandbox.advance(60)
    with away(settings):
        TryOnJob.objects.update(next_check_at=clock.now())
        tasks.advance_job(job_id)
        undo = killed_in("outcomes", "look_after_pictures")
        long_ago = clock.now() - timedelta(minutes=15)
        Prediction.objects.update(submitted_at=long_ago, finished_at=long_ago)
        TryOnJob.objects.update(next_check_at=long_ago, started_at=long_ago)
        with pytest.raises(Killed):
            tasks.advance_job(job_id)
        undo.undo()
    assert TryOnJob.objects.get(pk=job_id).status == Status.PROCESSING
    assert finish(job_id).status == Status.COMPLETED


def test_a_worker_killed_after_a_late_picture_proved_lost_has_nothing_paid_again(sandbox: Sandbox) -> None:
    """The job was fetching the picture of its first call; its second, a person's, had failed."""
    now = clock.now()
    job = TryOnJobFactory.create(status=Status.PROCESSING, progress=95, started_at=now, next_check_at=now)
    lost = {"state": PredictionState.SUCCEEDED, "provider_id": "first", "output": ""}
    PredictionFactory.create(job=job, error_name="result_gone", finished_at=now, **lost)
    PredictionFactory.create(job=job, state=PredictionState.FAILED, provider_id="second", finished_at=now)

    tasks.advance_job(str(job.pk))

    job.refresh_from_db()
    assert (job.status, job.error_code) == (Status.FAILED, "provider_error")
    assert sandbox.ledger()["requests"] == {}


def test_a_commit_whose_answer_is_lost_keeps_the_files_of_the_row(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job_id = generate()["jobId"]
    work()
    sandbox.advance(60)
    collect = import_module("tryon.engine.steps.collect")
    commit, create = BaseDatabaseWrapper._commit, collect.result_create  # type: ignore[attr-defined]

    def commit_and_break(self: Any) -> None:
        commit(self)
        monkeypatch.undo()
        raise OperationalError("server closed the connection unexpectedly")

    def create_before_it(**fields: Any) -> None:
        create(**fields)
        monkeypatch.setattr(BaseDatabaseWrapper, "_commit", commit_and_break)

    monkeypatch.setattr(collect, "result_create", create_before_it)
    TryOnJob.objects.update(next_check_at=clock.now())
    tasks.advance_job(job_id)
    job = finish(job_id)
    assert job.status == Status.COMPLETED
    assert default_storage.exists(str(job.result.image.name))
    assert default_storage.exists(str(job.result.thumbnail.name))


def test_a_worker_that_froze_can_not_overrule_the_one_that_took_its_place() -> None:
    pk = TryOnJobFactory.create(status=Status.PROCESSING).pk
    with leased(pk) as frozen:
        assert frozen is not None
        TryOnJob.objects.update(lease_until=clock.now() - timedelta(seconds=1))
        with leased(pk) as successor:
            assert successor is not None
            soon = clock.now() + timedelta(seconds=5)
            assert not lifecycle.fail(frozen, code=FailureCode.DEADLINE_PASSED)
            assert not lifecycle.back_off(frozen, until=soon, code="x", counts=True, price=1)
            assert not lifecycle.wait(frozen, JobEdge.AWAIT_CHECK, progress=50, next_check_at=soon)
            assert not lifecycle.complete(frozen)
            assert lifecycle.wait(successor, JobEdge.AWAIT_CHECK, progress=60, next_check_at=soon)
    assert TryOnJob.objects.get(pk=pk).progress == 60


def test_a_worker_that_froze_before_sending_does_not_end_its_successors_call(
    generate: Generate, work: Callable[[], None], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent_by_another(*args: Any) -> None:
        Prediction.objects.update(state=PredictionState.RUNNING, provider_id="p-1")
        TryOnJob.objects.update(lease=uuid.uuid4())
        raise StorageUnavailable

    job_id = generate()["jobId"]
    monkeypatch.setattr(import_module("tryon.engine.steps.submit"), "inputs_for", sent_by_another)
    work()
    assert Prediction.objects.get().state == PredictionState.RUNNING
    assert TryOnJob.objects.get(pk=job_id).status == Status.PROCESSING


def test_an_answer_that_comes_behind_a_newer_call_is_rescued() -> None:
    job = TryOnJobFactory.create(status=Status.PROCESSING)
    older = PredictionFactory.create(job=job, state=PredictionState.UNKNOWN, submitted_at=clock.now())
    PredictionFactory.create(job=job, state=PredictionState.RESERVED)
    soon = clock.now()
    assert not lifecycle.mark_running(older, provider_id="p-1", expected_at=soon, next_check_at=soon)
    older.refresh_from_db()
    assert (older.state, older.provider_id) == (PredictionState.UNKNOWN, "p-1")
    assert older.rescue_at is not None


def test_a_404_that_is_not_fashns_own_is_only_a_failed_check(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("status", "gateway_not_found", times=2)
    assert finish(generate()["jobId"]).status == Status.COMPLETED
    assert runs(sandbox) == 1


def test_a_webhook_brings_back_a_picture_that_fashn_had_no_knowledge_of(
    generate: Generate, finish: Finish, client: Any, work: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("status", "NotFound", times=2)
    job_id = generate()["jobId"]
    assert finish(job_id).error_code == "prediction_lost"
    prediction = Prediction.objects.get()
    Prediction.objects.update(rescue_at=None)
    sandbox.clear_faults()
    client.post(
        f"/api/tryon/webhooks/fashn/{prediction.callback_token}",
        {"id": prediction.provider_id},
        content_type="application/json",
    )
    work()
    assert TryOnJob.objects.get(pk=job_id).status == Status.COMPLETED
    assert runs(sandbox) == 1
