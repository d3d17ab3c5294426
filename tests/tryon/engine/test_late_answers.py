"""Changes of a job while FASHN is answering a paid call for it."""

import importlib
from collections.abc import Callable
from typing import Any

import django_rq
import pytest
from django.test import Client
from django_redis import get_redis_connection

from config.core import clock
from results.models import TryOnResult
from tests.conftest import Api, Finish, Generate
from tests.factories import PredictionFactory
from tryon import tasks
from tryon.fashn.client import FashnClient
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

type Happening = Callable[[], object]


@pytest.fixture
def before_the_answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Happening], None]:
    """Have something happen once: after FASHN has taken the next call, before its answer arrives."""

    def order(happen: Happening) -> None:
        run = FashnClient.run

        def answer_late(client: FashnClient, *args: Any, **options: Any) -> str:
            monkeypatch.setattr(FashnClient, "run", run)
            provider_id = run(client, *args, **options)
            happen()
            return provider_id

        monkeypatch.setattr(FashnClient, "run", answer_late)

    return order


@pytest.fixture
def job_id(generate: Generate) -> str:
    """A job that nobody works on yet."""
    job_id = str(generate()["jobId"])
    get_redis_connection("default").flushdb()
    return job_id


def another_worker_gives_it_up(job_id: str) -> None:
    """The worker that waits has slept for longer than its lease."""
    TryOnJob.objects.filter(pk=job_id).update(lease_until=clock.now())
    tasks.advance_job(job_id)
    job = TryOnJob.objects.get(pk=job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "submission_unknown")


def announce(client: Client, sandbox: Sandbox) -> None:
    """FASHN's webhook names the call."""
    token, named = Prediction.objects.get().callback_token, sandbox.ledger()["predictions"][0]["id"]
    answer = client.post(f"/api/tryon/webhooks/fashn/{token}", {"id": named}, content_type="application/json")
    assert answer.status_code == 200


def the_call_is_looked_after_and_holds_no_job(prediction: Prediction) -> bool:
    return (
        prediction.state == PredictionState.UNKNOWN
        and prediction.provider_id != ""
        and prediction.rescue_at is not None
    )


def test_a_late_answer_does_not_revive_the_job_that_has_failed_and_its_picture_is_rescued(
    job_id: str,
    before_the_answer: Callable[[Happening], None],
    rescue_now: Callable[[], None],
    work: Callable[[], None],
    sandbox: Sandbox,
) -> None:
    before_the_answer(lambda: another_worker_gives_it_up(job_id))
    tasks.advance_job(job_id)
    assert TryOnJob.objects.get(pk=job_id).status == Status.FAILED
    assert the_call_is_looked_after_and_holds_no_job(Prediction.objects.get())

    sandbox.advance(60)
    rescue_now()
    work()
    assert TryOnJob.objects.get(pk=job_id).status == Status.COMPLETED
    assert len(sandbox.ledger()["predictions"]) == 1


def test_a_late_answer_does_not_disturb_the_call_that_a_person_has_paid_for_since(
    job_id: str, owner: Api, before_the_answer: Callable[[Happening], None], sandbox: Sandbox
) -> None:
    plans: list[Any] = []

    def plan() -> Any:
        return TryOnJob.objects.values("status", "progress", "expected_at", "next_check_at").get(pk=job_id)

    def given_up_and_retried() -> None:
        another_worker_gives_it_up(job_id)
        assert owner.post(f"jobs/{job_id}/retry").status_code == 202
        tasks.advance_job(job_id)
        plans.append(plan())

    before_the_answer(given_up_and_retried)
    tasks.advance_job(job_id)
    assert plan() == plans[0]
    first, second = Prediction.objects.order_by("created_at")
    assert the_call_is_looked_after_and_holds_no_job(first)
    assert (second.state, second.rescue_at) == (PredictionState.RUNNING, None)
    job = TryOnJob.objects.get(pk=job_id)
    assert list(job.events.filter(kind="submitted").values_list("data__providerId", flat=True)) == [
        second.provider_id,
        first.provider_id,
    ]


def test_a_late_webhook_and_the_answer_after_it_name_the_call_once(
    job_id: str, client: Client, before_the_answer: Callable[[Happening], None], sandbox: Sandbox
) -> None:
    before_the_answer(lambda: announce(client, sandbox))
    tasks.advance_job(job_id)
    prediction = Prediction.objects.get()
    assert prediction.state == PredictionState.RUNNING
    kinds = set(prediction.job.events.values_list("kind", flat=True))
    assert "adopted" in kinds
    assert "submitted" not in kinds


def test_a_call_that_is_named_at_the_moment_it_is_given_up_keeps_its_job(
    job_id: str, client: Client, sandbox: Sandbox, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = importlib.import_module("tryon.engine.steps.outcomes")
    give_up = outcomes.give_up_waiting

    def named_first(job: TryOnJob, prediction: Prediction) -> None:
        announce(client, sandbox)
        give_up(job, prediction)

    monkeypatch.setattr(outcomes, "give_up_waiting", named_first)
    sandbox.inject("run", "reset_after")
    tasks.advance_job(job_id)

    assert not TryOnJob.objects.get().error_code
    assert finish(job_id).status == Status.COMPLETED
    assert sandbox.ledger()["requests"]["run"] == 1


def test_a_webhook_that_found_the_job_in_other_hands_is_not_forgotten(
    job_id: str, client: Client, before_the_answer: Callable[[Happening], None], sandbox: Sandbox
) -> None:
    """Its worker went away again: who held the job calls another."""

    def tasks_of_the_job() -> int:
        return sum(job_id in name for name in django_rq.get_queue("tryon").job_ids)

    def announced_in_vain() -> None:
        announce(client, sandbox)
        assert tasks_of_the_job() == 1
        tasks.advance_job(job_id)
        get_redis_connection("default").flushdb()

    before_the_answer(announced_in_vain)
    tasks.advance_job(job_id)
    assert tasks_of_the_job() == 1


def test_the_answer_for_a_job_that_was_canceled_meanwhile_frees_its_slot(
    job_id: str,
    owner: Api,
    before_the_answer: Callable[[Happening], None],
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
) -> None:
    before_the_answer(lambda: owner.post(f"jobs/{job_id}/cancel"))
    tasks.advance_job(job_id)
    assert TryOnJob.objects.get(pk=job_id).status == Status.CANCELED
    assert the_call_is_looked_after_and_holds_no_job(Prediction.objects.get())

    sandbox.advance(60)
    rescue_now()
    prediction = Prediction.objects.get()
    assert (prediction.credits_used, prediction.rescue_at) == (1, None)
    assert not TryOnResult.objects.exists()


def test_an_answer_with_the_id_of_another_call_is_an_answer_that_never_came(
    job_id: str, before_the_answer: Callable[[Happening], None], sandbox: Sandbox
) -> None:
    """Its picture would be another shopper's, and the money may be spent: nobody sends it again."""

    def taken() -> None:
        named = sandbox.ledger()["predictions"][0]["id"]
        PredictionFactory.create(state=PredictionState.SUCCEEDED, provider_id=named)

    before_the_answer(taken)
    for _ in range(3):
        tasks.advance_job(job_id)
    job = TryOnJob.objects.get(pk=job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "submission_unknown")
    ours = job.predictions.get()
    assert (ours.state, ours.provider_id, ours.error_name) == (
        PredictionState.UNKNOWN,
        "",
        "id_of_another_call",
    )
    assert sandbox.ledger()["requests"]["run"] == 1
