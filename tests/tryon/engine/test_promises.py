"""Queued jobs are spoken for: budgets and queues promise what they keep, and say until when one waits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, Finish, Generate, data_of, error_of, requester
from tests.factories import PredictionFactory, TryOnJobFactory
from tests.threads import at_once
from tryon import tasks
from tryon.engine import governor
from tryon.engine.advance import dispatch
from tryon.models import Account, Governor, Lane, Pause, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

type Ask = Callable[[int], Any]
DEAR = {"resolution": "4k", "mode": "quality"}  # five credits


@pytest.fixture
def ask(owner: Api, product_id: str, model_id: str) -> Ask:
    """Ask for the try-on with a seed; returns the whole answer."""
    body = {"productImageId": product_id, "modelImageId": model_id}
    return lambda seed: owner.post("generate", {**body, "options": {"seed": seed}})


def seconds_to_midnight() -> float:
    now = clock.now()
    return 86_400 - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


class TestDailyLimit:
    @pytest.fixture(autouse=True)
    def limit(self, settings: Settings) -> None:
        settings.TRYON_DAILY_LIMIT = 3

    def test_ten_shoppers_with_a_limit_of_three(self, ask: Ask) -> None:
        answers = [ask(seed) for seed in range(10)]
        assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 7
        refused = answers[-1]
        error = error_of(refused)
        assert (error["code"], error["retryable"]) == ("daily_limit_reached", True)
        assert error["details"] == {
            "limit": 3,
            "creditsNeeded": 1,
            "creditsLeft": 0,
            "resetsAt": governor.next_day().at.isoformat(),
            "fallbacks": [],
        }
        assert abs(int(refused["Retry-After"]) - seconds_to_midnight()) < 30
        assert TryOnJob.objects.count() == 3

    def test_fifty_at_once_get_three(self, ask: Ask) -> None:
        seeds = iter(range(50))
        answers = at_once(50, lambda: ask(next(seeds)), threads=25)
        assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 47
        assert TryOnJob.objects.count() == 3

    def test_what_a_batch_has_queued_is_spoken_for(
        self, ask: Ask, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        queued(2, lane=Lane.BULK)
        assert [ask(seed).status_code for seed in range(2)] == [202, 429]

    def test_a_job_that_has_ended_gives_its_credits_back(self, owner: Api, ask: Ask) -> None:
        job_id, *_others = [data_of(ask(seed))["jobId"] for seed in range(3)]
        owner.post(f"jobs/{job_id}/cancel")
        assert [ask(seed).status_code for seed in (7, 8)] == [202, 429]

    def test_a_retry_asks_too(self, owner: Api, ask: Ask) -> None:
        failed = TryOnJobFactory.create(
            status=Status.FAILED, error_code="deadline_passed", requester=requester("Owner")
        )
        for seed in range(3):
            ask(seed)
        answer = owner.post(f"jobs/{failed.pk}/retry")
        assert (answer.status_code, error_of(answer)["code"]) == (429, "daily_limit_reached")
        failed.refresh_from_db()
        assert (failed.status, failed.error_code) == (Status.FAILED, "deadline_passed")

    def test_a_retry_that_only_fetches_what_is_paid_does_not_ask(
        self, owner: Api, not_stored: TryOnJob, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        queued(3)
        assert owner.post(f"jobs/{not_stored.pk}/retry").status_code == 202

    def test_a_batch_leaves_what_shoppers_were_promised(self, queued: Callable[..., list[TryOnJob]]) -> None:
        shoppers = queued(2, not_before=clock.now() + timedelta(minutes=1))
        queued(3, lane=Lane.BULK)
        dispatch(Account.LIVE)
        assert TryOnJob.objects.filter(status=Status.PROCESSING).count() == 1
        TryOnJob.objects.update(not_before=None)
        dispatch(Account.LIVE)
        assert TryOnJob.objects.filter(pk__in=[job.pk for job in shoppers], status="processing").count() == 2

    def test_a_batch_waits_and_is_told_until_when(
        self, owner: Api, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        jobs = queued(7, lane=Lane.BULK, requester=requester("Owner"))
        dispatch(Account.LIVE)
        told = [data_of(owner.get(f"jobs/{job.pk}")) for job in jobs]
        assert [job.get("waitReason") for job in told] == [None] * 3 + ["daily_limit"] * 4
        tomorrow = seconds_to_midnight()
        for job, days in zip(told[3:], [0, 0, 0, 1], strict=True):
            assert abs(job["estimatedWaitTime"] - tomorrow - days * 86_400) < 60

    @pytest.mark.parametrize(("left", "status", "lane"), [(2, 202, "interactive"), (1, 429, "bulk")])
    def test_a_shopper_who_needs_a_job_of_a_batch_is_told_too(
        self, ask: Ask, settings: Settings, left: int, status: int, lane: str
    ) -> None:
        waiting = TryOnJob.objects.get(pk=data_of(ask(1))["jobId"])
        TryOnJob.objects.update(lane=Lane.BULK)
        TryOnJobFactory.create()  # a shopper's
        TryOnJobFactory.create_batch(5, lane=Lane.BULK)  # the rest of the batch may wait
        settings.TRYON_DAILY_LIMIT = left
        waiting.viewers.update(requester="user:1")

        answer = ask(1)

        waiting.refresh_from_db()
        assert (answer.status_code, waiting.lane) == (status, lane)
        assert waiting.viewers.filter(requester=requester("Owner")).exists() == (status == 202)
        if status == 429:
            details = error_of(answer)["details"]
            assert (details["creditsNeeded"], details["creditsLeft"]) == (1, 0)

    def test_a_batch_that_could_not_pay_its_next_step_is_not_hurried_past_the_limit(
        self, ask: Ask, settings: Settings
    ) -> None:
        batch = TryOnJob.objects.get(pk=data_of(ask(1))["jobId"])
        TryOnJob.objects.update(lane=Lane.BULK, status=Status.PROCESSING, price=0)
        PredictionFactory.create(job=batch, step=1, state=PredictionState.RESERVED, price=1)
        PredictionFactory.create(
            job__failed=True, state=PredictionState.SUCCEEDED, credits_used=3, submitted_at=clock.now()
        )
        batch.viewers.update(requester="user:1")

        assert ask(1).status_code == 429

        batch.refresh_from_db()
        assert batch.lane == Lane.BULK

    def test_fifty_dear_jobs_never_hide_a_cheap_one(
        self, settings: Settings, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        settings.TRYON_DAILY_LIMIT = 6
        PredictionFactory.create(
            job__failed=True, state=PredictionState.SUCCEEDED, credits_used=4, submitted_at=clock.now()
        )
        queued(60, options=DEAR)
        cheap = queued(1)[0]
        dispatch(Account.LIVE)
        assert list(TryOnJob.objects.filter(status=Status.PROCESSING)) == [cheap]

    def test_dear_jobs_that_do_not_fit_together_make_place_for_a_cheap_one(
        self, settings: Settings, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        settings.TRYON_DAILY_LIMIT = 6
        dear = queued(20, options=DEAR)
        cheap = queued(1)[0]
        dispatch(Account.LIVE)
        assert set(TryOnJob.objects.filter(status=Status.PROCESSING)) == {dear[0], cheap}


class TestQueueLimit:
    @pytest.fixture(autouse=True)
    def limit(self, settings: Settings) -> None:
        settings.QUEUE_PER_REQUESTER = 3

    def test_one_more_is_refused_and_others_are_not(
        self, ask: Ask, stranger: Api, model_id: str, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        queued(5, requester="shop:other")
        answers = [ask(seed) for seed in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        error = error_of(answers[-1])
        assert (error["code"], error["retryable"]) == ("queue_full", True)
        assert error["details"] == {"limit": 3, "fallbacks": []}
        assert int(answers[-1]["Retry-After"]) > 0

    def test_fifty_at_once_do_not_exceed_it(self, ask: Ask) -> None:
        seeds = iter(range(50))
        answers = at_once(50, lambda: ask(next(seeds)), threads=25)
        assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 47

    def test_a_started_job_makes_room(self, ask: Ask) -> None:
        for seed in range(3):
            ask(seed)
        dispatch(Account.LIVE)
        assert ask(3).status_code == 202

    def test_a_job_that_its_requester_has_left_to_others_makes_room(self, owner: Api, ask: Ask) -> None:
        for seed in range(3):
            job_id = data_of(ask(seed))["jobId"]
        TryOnJob.objects.get(pk=job_id).viewers.create(requester="shop:other")
        owner.post(f"jobs/{job_id}/cancel")
        assert [ask(seed).status_code for seed in (3, 4)] == [202, 429]

    def test_a_retry_asks_too(self, owner: Api, queued: Callable[..., list[TryOnJob]]) -> None:
        name = requester("Owner")
        queued(3, requester=name)
        failed = TryOnJobFactory.create(status=Status.FAILED, error_code="x", requester=name)
        assert error_of(owner.post(f"jobs/{failed.pk}/retry"))["code"] == "queue_full"


class TestWaitReason:
    @pytest.mark.parametrize(
        ("state", "reason", "least"),
        [
            ({"pause": Pause.OPERATOR}, "paused", 600),
            ({"pause": Pause.UNAUTHORIZED}, "paused", 600),
            ({"pause": Pause.OUT_OF_CREDITS}, "out_of_credits", 600),
            ({"open_until": timedelta(minutes=4)}, "provider_down", 230),
            ({"open_until": timedelta(seconds=-4)}, "provider_down", 1),
            ({"held_until": timedelta(seconds=50)}, None, 50),
            ({}, None, 1),
        ],
    )
    def test_a_queued_job_says_what_holds_it(
        self, owner: Api, generate: Generate, state: dict[str, Any], reason: str | None, least: int
    ) -> None:
        job_id = generate()["jobId"]
        at = {key: clock.now() + value for key, value in state.items() if isinstance(value, timedelta)}
        Governor.objects.update_or_create(pk=1, defaults=state | at)
        job = data_of(owner.get(f"jobs/{job_id}"))
        assert job.get("waitReason") == reason
        assert job["estimatedWaitTime"] >= least
        (listed,) = data_of(owner.get("jobs"))
        assert (listed.get("waitReason"), listed["queuePosition"]) == (reason, 1)

    def test_a_back_off_is_in_the_estimate(self, owner: Api, generate: Generate) -> None:
        job_id = generate()["jobId"]
        TryOnJob.objects.update(not_before=clock.now() + timedelta(seconds=200))
        assert data_of(owner.get(f"jobs/{job_id}"))["estimatedWaitTime"] > 190

    def test_generate_tells_the_same_estimate(self, generate: Generate) -> None:
        governor.pause(Account.LIVE, Pause.OPERATOR)
        assert generate()["estimatedWaitTime"] >= 600


class TestOutOfCredits:
    @pytest.fixture(autouse=True)
    def out_of_credits(self, db: None) -> None:
        governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)

    def look(self) -> None:
        Governor.objects.update(probe_at=clock.now())
        tasks.sweep()

    def test_the_cheapest_job_goes_first_when_the_balance_pays_for_it_alone(
        self, owner: Api, queued: Callable[..., list[TryOnJob]], sandbox: Sandbox
    ) -> None:
        """The dear ones before it would only be refused, and pause everything again."""
        dear = queued(60, options=DEAR, requester=requester("Owner"))
        cheap = queued(1)[0]
        sandbox.set_credits(2)
        self.look()
        assert not governor.current(Account.LIVE).pause
        assert list(TryOnJob.objects.filter(status=Status.PROCESSING)) == [cheap]
        assert data_of(owner.get(f"jobs/{dear[0].pk}"))["waitReason"] == "out_of_credits"
        sandbox.set_credits(1000)
        self.look()
        assert dear[0].predictions.count() == 1
        assert governor.current(Account.LIVE).credits_at_fashn is None

    def test_nothing_goes_while_the_balance_pays_for_none(
        self, queued: Callable[..., list[TryOnJob]], sandbox: Sandbox
    ) -> None:
        queued(1, options=DEAR)
        sandbox.set_credits(4)
        self.look()
        assert governor.current(Account.LIVE).pause == Pause.OUT_OF_CREDITS


def test_the_price_of_a_job_falls_with_each_call_and_ends_at_zero(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    job_id = generate(background="red")["jobId"]
    assert TryOnJob.objects.get().price == 2
    work()
    assert TryOnJob.objects.get().price == 1
    assert finish(job_id).price == 0
