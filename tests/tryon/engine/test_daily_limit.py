"""TRYON_DAILY_LIMIT: what counts, who waits, who is told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from config.core import clock
from config.shops.callers import Caller
from tests.conftest import Api, Finish, Generate, error_of, requester
from tests.factories import PredictionFactory, TryOnJobFactory
from tryon.engine import governor
from tryon.engine.advance import dispatch
from tryon.fashn.options import TryOnOptions
from tryon.models import Account, Governor, Lane, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services.generate import tryon_generate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.TRYON_DAILY_LIMIT = 3


def test_what_is_paid_and_what_may_be_counts_and_failures_do_not() -> None:
    now = clock.now()
    for state, price, used in [
        (PredictionState.SUCCEEDED, 5, 1),
        (PredictionState.UNKNOWN, 1, 0),
        (PredictionState.FAILED, 9, 0),
    ]:
        PredictionFactory.create(
            job__failed=True, state=state, price=price, credits_used=used, submitted_at=now
        )
    assert governor.credits_left_today(Account.LIVE) == 1


def test_yesterday_does_not_count() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=timezone.get_current_timezone())
    PredictionFactory.create(
        job__failed=True,
        state=PredictionState.SUCCEEDED,
        credits_used=2,
        submitted_at=noon - timedelta(hours=12, seconds=1),
    )
    assert governor.credits_spent_today(Account.LIVE, noon) == 0
    assert governor.credits_spent_today(Account.LIVE, noon - timedelta(hours=13)) == 2


def test_bulk_waits_for_tomorrow(queued: Callable[..., list[TryOnJob]]) -> None:
    queued(5, lane=Lane.BULK)
    dispatch(Account.LIVE)
    assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 3


def test_a_shopper_is_told_at_once(owner: Api, product_id: str, model_id: str, settings: Settings) -> None:
    settings.TRYON_DAILY_LIMIT = 2
    PredictionFactory.create(
        job__failed=True,
        state=PredictionState.SUCCEEDED,
        credits_used=1,
        submitted_at=clock.now(),
    )
    body = {"productImageId": product_id, "modelImageId": model_id}
    response = owner.post("generate", {**body, "options": {"background": "red"}})
    assert (response.status_code, error_of(response)["code"]) == (429, "daily_limit_reached")
    assert error_of(response)["retryable"] is True
    assert owner.post("generate", body).status_code == 202


def test_what_no_day_can_pay_is_refused(
    owner: Api, product_id: str, model_id: str, settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 1
    body = {"productImageId": product_id, "modelImageId": model_id, "options": {"background": "red"}}
    response = owner.post("generate", body)
    assert (response.status_code, error_of(response)["code"]) == (409, "daily_limit_too_low")


def test_a_queued_job_that_no_day_can_pay_fails(queued: Callable[..., list[TryOnJob]]) -> None:
    dear = queued(1, options={"resolution": "4k", "mode": "quality"})[0]
    dispatch(Account.LIVE)
    dear.refresh_from_db()
    assert (dear.status, dear.error_code) == (Status.FAILED, "daily_limit_too_low")


def test_jobs_that_no_day_can_pay_take_no_slot(
    queued: Callable[..., list[TryOnJob]], settings: Settings
) -> None:
    settings.QUEUE_CONCURRENCY = 1
    queued(3, options={"resolution": "4k", "mode": "quality"})
    cheap = queued(1)[0]
    dispatch(Account.LIVE)
    cheap.refresh_from_db()
    assert cheap.status == Status.PROCESSING
    assert TryOnJob.objects.filter(error_code="daily_limit_too_low").count() == 3


def test_further_steps_of_jobs_under_way_count(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox, settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 4
    first = generate(background="red", seed=1)["jobId"]
    second = generate(background="red", seed=2)["jobId"]
    settings.TRYON_DAILY_LIMIT = 3  # an operator has lowered it since
    work()
    assert governor.credits_left_today(Account.LIVE) == 1
    assert finish(first).status == Status.COMPLETED
    assert governor.credits_left_today(Account.LIVE) == 1
    assert TryOnJob.objects.get(pk=second).status == Status.QUEUED


def test_a_step_that_is_paid_is_not_counted_again(
    generate: Generate, owner: Api, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "ContentModerationError", model="background-remove")
    job_id = generate(background="red")["jobId"]
    assert finish(job_id).status == Status.FAILED
    sandbox.clear_faults()
    PredictionFactory.create(
        job__failed=True, state=PredictionState.SUCCEEDED, credits_used=1, submitted_at=clock.now()
    )
    owner.post(f"jobs/{job_id}/retry")
    assert finish(job_id).status == Status.COMPLETED


# Without a price: a release that knows no prices has queued it while this one was deployed.
OLD = {"price": 0}


def test_jobs_that_an_earlier_release_queued_are_not_free(queued: Callable[..., list[TryOnJob]]) -> None:
    queued(3, lane=Lane.BULK, **OLD, options={"background": "red"})  # two credits each
    dispatch(Account.LIVE)
    assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 1
    assert set(TryOnJob.objects.filter(status=Status.QUEUED).values_list("price", flat=True)) == {2}


def test_the_second_step_of_a_job_that_an_earlier_release_started_is_not_free(
    queued: Callable[..., list[TryOnJob]],
) -> None:
    options = {"background": "#ffffff", "resolution": "1k"}  # two steps, of two credits and of one
    started = TryOnJobFactory.create(status=Status.PROCESSING, options=options, **OLD)
    PredictionFactory.create(
        job=started, state=PredictionState.RUNNING, provider_id="first", price=2, submitted_at=clock.now()
    )
    queued(1, lane=Lane.BULK)
    dispatch(Account.LIVE)
    started.refresh_from_db()
    assert started.price == 1
    assert TryOnJob.objects.get(lane=Lane.BULK).status == Status.QUEUED


def test_a_shopper_is_not_promised_the_credits_of_jobs_that_an_earlier_release_queued(
    queued: Callable[..., list[TryOnJob]], owner: Api, product_id: str, model_id: str
) -> None:
    queued(3, **OLD)
    answer = owner.post("generate", {"productImageId": product_id, "modelImageId": model_id})
    assert (answer.status_code, error_of(answer)["code"]) == (429, "daily_limit_reached")


def test_jobs_that_an_earlier_release_queued_count_against_the_balance_at_fashn(
    queued: Callable[..., list[TryOnJob]], settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 0
    queued(4, **OLD)
    Governor.objects.update_or_create(pk=Governor.row_of(Account.LIVE), defaults={"credits_at_fashn": 2})
    dispatch(Account.LIVE)
    assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 2


def test_a_job_that_has_paid_for_all_stays_without_a_price(
    queued: Callable[..., list[TryOnJob]], settings: Settings
) -> None:
    paid = queued(1, **OLD)[0]
    PredictionFactory.create(
        job=paid,
        state=PredictionState.SUCCEEDED,
        credits_used=3,
        output="https://media.example/1.png",
        submitted_at=clock.now(),
        finished_at=clock.now(),
    )
    assert governor.credits_left_today(Account.LIVE) == 0
    dispatch(Account.LIVE)
    paid.refresh_from_db()
    assert (paid.status, paid.price) == (Status.PROCESSING, 0)


TWO_STEPS = {"background": "#ffffff", "resolution": "1k"}  # two credits, and one


@pytest.fixture
def first_step_paid(generate: Generate, owner: Api, work: Callable[[], None], sandbox: Sandbox) -> str:
    """A job canceled while FASHN works on its first step. A second job is promised the day's last credit."""
    job_id = str(generate(**TWO_STEPS)["jobId"])
    work()
    assert owner.post(f"jobs/{job_id}/cancel").status_code == 200
    generate()
    return job_id


def test_an_heir_is_promised_its_further_steps_or_told_at_once(
    first_step_paid: str, owner: Api, product_id: str, model_id: str
) -> None:
    body = {"productImageId": product_id, "modelImageId": model_id, "options": TWO_STEPS}
    answer = owner.post("generate", body)
    assert (answer.status_code, error_of(answer)["code"]) == (429, "daily_limit_reached")
    details = error_of(answer)["details"]
    assert (details["creditsNeeded"], details["creditsLeft"]) == (1, 0)
    assert str(Prediction.objects.get().job_id) == first_step_paid


def test_a_retry_is_promised_its_further_steps_or_told_at_once(first_step_paid: str, owner: Api) -> None:
    TryOnJob.objects.filter(pk=first_step_paid).update(status=Status.FAILED, error_code="deadline_passed")
    answer = owner.post(f"jobs/{first_step_paid}/retry")
    assert (answer.status_code, error_of(answer)["code"]) == (429, "daily_limit_reached")


def test_an_heir_that_only_waits_for_what_is_paid_asks_nobody(
    generate: Generate, owner: Api, work: Callable[[], None], sandbox: Sandbox, settings: Settings
) -> None:
    settings.TRYON_DAILY_LIMIT = 1
    job_id = generate()["jobId"]
    work()
    owner.post(f"jobs/{job_id}/cancel")
    assert TryOnJob.objects.get(pk=generate()["jobId"]).status == Status.PROCESSING


def ask_in_a_batch(product_id: str, model_id: str) -> TryOnJob:
    return tryon_generate(
        caller=Caller(requester("Owner")),
        product_image_id=UUID(product_id),
        model_image_id=UUID(model_id),
        options=TryOnOptions.from_mapping(TWO_STEPS),
        lane=Lane.BULK,
    ).job


def test_who_joins_a_batchs_job_that_has_its_credits_needs_no_more(
    generate: Generate, work: Callable[[], None], sandbox: Sandbox, product_id: str, model_id: str
) -> None:
    job = ask_in_a_batch(product_id, model_id)
    work()
    assert generate(**TWO_STEPS)["jobId"] == str(job.pk)


def test_a_batchs_heir_leaves_the_promised_credits_and_waits_for_the_next_day(
    first_step_paid: str,
    finish: Finish,
    owner: Api,
    product_id: str,
    model_id: str,
    sandbox: Sandbox,
    settings: Settings,
) -> None:
    promised = TryOnJob.objects.get(status=Status.QUEUED)
    heir = ask_in_a_batch(product_id, model_id)
    body = {"productImageId": product_id, "modelImageId": model_id, "options": TWO_STEPS}
    assert owner.post("generate", body).status_code == 429  # for a shopper, it would have to pay today
    assert finish(str(promised.pk)).status == Status.COMPLETED
    heir.refresh_from_db()
    assert (heir.status, heir.price, governor.credits_spent_today(Account.LIVE)) == (Status.QUEUED, 1, 3)

    settings.TRYON_DAILY_LIMIT = 4
    assert finish(str(heir.pk)).status == Status.COMPLETED
    assert sum(row["credits"] for row in sandbox.ledger()["predictions"]) == 4


def test_a_trial_of_a_batch_leaves_the_promised_credits(queued: Callable[..., list[TryOnJob]]) -> None:
    queued(3, not_before=clock.now() + timedelta(minutes=1))
    queued(1, lane=Lane.BULK)
    Governor.objects.update_or_create(pk=Governor.row_of(Account.LIVE), defaults={"refusals": 1})
    assert dispatch(Account.LIVE) == 0
