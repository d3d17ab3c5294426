"""Credits are summed up at one moment: a call that moves on while they are counted is counted once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from config.shops.models import Shop
from tests.conftest import Api, Generate
from tryon.engine import governor, lifecycle
from tryon.engine.steps.plan import call_for
from tryon.models import Account, Prediction, PredictionState, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

type Ask = Callable[[], int]


@pytest.fixture
def under_way(generate: Generate, work: Callable[[], None], sandbox: Sandbox) -> TryOnJob:
    """A job whose first of two paid steps runs."""
    job_id = generate(background="red")["jobId"]
    work()
    return TryOnJob.objects.get(pk=job_id)


@pytest.fixture
def ask(owner: Api, product_id: str, model_id: str) -> Ask:
    """Ask for another picture, which costs one credit. Return the answer's status."""
    body = {"productImageId": product_id, "modelImageId": model_id, "options": {"seed": 9}}
    return lambda: int(owner.post("generate", body).status_code)


def next_step(job: TryOnJob) -> None:
    """Do what a worker does that finds the first picture ready. It needs no lock of the governor's."""
    done, call = job.predictions.get(), call_for(job, 1, Account.LIVE)
    assert lifecycle.mark_succeeded(done, output="https://x/1.png", credits_used=1, next_call=call)


def sending(job: TryOnJob) -> None:
    """Do what a worker does that sends a call, under the lock of the call's own account."""
    assert lifecycle.mark_sending(job.predictions.get())


def between_sums(number: int, act: Callable[[], None]) -> Any:
    """Have something happen once, after a number of statements with a sum, if one more follows."""
    seen = 0

    def look(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal seen
        seen += "SUM(" in sql
        if "SUM(" in sql and seen == number + 1:
            act()
        return execute(sql, *rest)

    return connection.execute_wrapper(look)


@pytest.mark.parametrize("number", [1, 2])
def test_a_job_that_goes_on_to_its_next_step_is_within_a_shops_budget(
    under_way: TryOnJob, ask: Ask, number: int
) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=2)
    with between_sums(number, lambda: next_step(under_way)):
        assert ask() == 429


def test_a_call_that_is_sent_is_within_a_shops_budget(under_way: TryOnJob, ask: Ask) -> None:
    Shop.objects.filter(name="Owner").update(daily_credits=2)
    Prediction.objects.update(state=PredictionState.RESERVED, submitted_at=None, provider_id="")
    with between_sums(1, lambda: sending(under_way)):
        assert ask() == 429


def test_a_job_that_goes_on_to_its_next_step_is_within_the_days_limit(
    under_way: TryOnJob, ask: Ask, settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 2
    with between_sums(1, lambda: next_step(under_way)):
        assert ask() == 429


@pytest.mark.parametrize("left", [governor.credits_left_today, governor.credits_left_for_batches])
def test_no_job_starts_beyond_the_days_limit_while_another_goes_on(
    under_way: TryOnJob, settings: Settings, left: Callable[[str], int | None]
) -> None:
    settings.TRYON_DAILY_LIMIT = 2
    with between_sums(1, lambda: next_step(under_way)):
        assert left(Account.LIVE) == 0
