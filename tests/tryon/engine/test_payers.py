"""A shop, a key and a shopper pay for what they ask for, and never more than their budgets allow."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from config.shops.models import Shop
from tests.conftest import Api, Finish, data_of, requester
from tests.ledger import credits_paid, runs
from tests.tryon.engine.test_handed_over import TWO_STEPS, Then, then
from tryon import tasks
from tryon.engine import governor
from tryon.fashn.client import FashnClient
from tryon.metrics.rollup import roll_up
from tryon.models import Prediction, ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox

__all__ = ["then"]

pytestmark = pytest.mark.django_db(transaction=True)

type Ask = Callable[..., str]


@pytest.fixture
def ask(product_id: str, model_id: str) -> Ask:
    """Ask for a photo of the catalogue's, which all shops may use. Return the job's id."""
    ProductImage.objects.update(requester="", shop="")

    def post(api: Api, **options: Any) -> str:
        body = {"productImageId": product_id, "modelImageId": model_id, "options": options}
        return str(data_of(api.post("generate", body))["jobId"])

    return post


def used_by(name: str) -> int:
    return sum(governor.credits_used_by(requester(name)))


def told(manager: Api) -> Any:
    """Return the statistics of the last hour."""
    return data_of(manager.get("stats", window="1h"))["window"]


def test_who_waits_for_anothers_call_does_not_pay_beyond_a_budget_when_it_fails(
    owner: Api, stranger: Api, ask: Ask, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    Shop.objects.filter(name="Stranger").update(daily_credits=1)
    finish(ask(stranger, seed=7))
    sandbox.inject("prediction", "PipelineError")
    first = ask(owner)
    work()
    assert owner.post(f"jobs/{first}/cancel").status_code == 200
    second = ask(stranger)
    job = finish(second)
    assert (credits_paid(sandbox), used_by("Stranger")) == (1, 1)
    assert (job.status, job.error_code) == (Status.FAILED, "credits_used_up")


def test_a_revived_job_does_not_pay_beyond_a_budget(
    owner: Api,
    ask: Ask,
    work: Callable[[], None],
    finish: Finish,
    past_deadline: Callable[[], None],
    rescue_now: Callable[[], None],
    sandbox: Sandbox,
) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=3)
    first = ask(owner, **TWO_STEPS)
    work()
    sandbox.inject("status", "InternalServerError", times=9)
    past_deadline()
    assert TryOnJob.objects.get().error_code == "deadline_passed"
    assert used_by("Owner") == 2
    ask(owner, seed=7)
    assert used_by("Owner") == 3
    sandbox.advance(60)
    sandbox.clear_faults()
    rescue_now()
    job = finish(first)
    assert (job.status, job.error_code) == (Status.FAILED, "credits_used_up")
    assert used_by("Owner") == 3
    Shop.objects.filter(name="Owner").update(daily_credits=4)  # as tomorrow
    assert owner.post(f"jobs/{first}/retry").status_code == 202
    assert finish(first).status == Status.COMPLETED
    assert used_by("Owner") == 4


@pytest.mark.parametrize("by", ["check", "rescue"])
def test_the_next_step_is_paid_by_who_asked_for_it(
    owner: Api,
    stranger: Api,
    ask: Ask,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    then: Then,
    by: str,
    manager: Api,
) -> None:
    roll_up(max_seconds=1)  # else nothing is told yet
    first = ask(owner, **TWO_STEPS)
    work()
    sandbox.advance(60)
    heirs: list[str] = []

    def cancel_and_ask_again() -> None:
        owner.post(f"jobs/{first}/cancel")
        heirs.append(ask(stranger, **TWO_STEPS))

    if by == "rescue":
        owner.post(f"jobs/{first}/cancel")
        then(FashnClient, "status", lambda: heirs.append(ask(stranger, **TWO_STEPS)))
        Prediction.objects.update(rescue_at=clock.now())
        tasks.rescue_prediction(str(Prediction.objects.get().pk))
    else:
        then(FashnClient, "status", cancel_and_ask_again)
        TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
        tasks.advance_job(first)
    assert finish(heirs[0]).status == Status.COMPLETED
    assert (used_by("Owner"), used_by("Stranger")) == (2, 1)
    shops = {shop["name"]: shop["creditsSpent"] for shop in told(manager)["shops"]}
    assert shops == {"Owner": 2, "Stranger": 1}


def test_each_call_without_an_answer_is_among_the_unknown_credits(
    owner: Api, ask: Ask, finish: Finish, sandbox: Sandbox, manager: Api
) -> None:
    roll_up(max_seconds=1)  # else nothing is told yet
    sandbox.inject("run", "reset_after", times=2)
    job_id = ask(owner)
    finish(job_id)
    owner.post(f"jobs/{job_id}/retry")
    finish(job_id)
    assert told(manager)["credits"]["unknown"] == runs(sandbox) == 2


def test_who_retries_uses_their_own_place_in_the_queue(
    owner: Api, stranger: Api, ask: Ask, settings: Settings, finish: Finish, sandbox: Sandbox
) -> None:
    settings.QUEUE_PER_REQUESTER = 1
    sandbox.inject("prediction", "ContentModerationError")
    first = ask(owner)
    assert ask(stranger) == first
    assert finish(first).status == Status.FAILED
    assert stranger.post(f"jobs/{first}/retry").status_code == 202
    assert TryOnJob.objects.get().requester == requester("Stranger")
    ask(owner, seed=8)
