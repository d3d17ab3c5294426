"""Slots, rates, budgets and pauses."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from config.core import clock
from tests.conftest import Api, Finish, Generate, data_of, error_of
from tests.factories import PredictionFactory, TryOnJobFactory
from tryon import tasks
from tryon.engine import governor
from tryon.engine.advance import dispatch
from tryon.models import Account, Governor, Lane, Pause, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def started() -> list[TryOnJob]:
    return list(TryOnJob.objects.filter(status=Status.PROCESSING).order_by("created_at"))


def test_interactive_goes_first_and_bulk_leaves_the_last_slot(
    settings: Settings, queued: Callable[..., list[TryOnJob]]
) -> None:
    settings.QUEUE_CONCURRENCY = 3
    queued(4, lane=Lane.BULK)
    shopper = queued(1)[0]
    dispatch(Account.LIVE)
    assert [job.lane for job in started()].count(Lane.BULK) == 1
    assert shopper in started()
    other = queued(1)[0]
    dispatch(Account.LIVE)
    assert other in started()
    assert len(started()) == 3


def test_a_single_slot_serves_bulk_too(settings: Settings, queued: Callable[..., list[TryOnJob]]) -> None:
    settings.QUEUE_CONCURRENCY = 1
    queued(2, lane=Lane.BULK)
    dispatch(Account.LIVE)
    assert len(started()) == 1


def test_a_second_step_keeps_to_the_run_rate_too(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox, settings: Settings
) -> None:
    settings.FASHN_RUN_CALLS = 1
    job_id = generate(background="#ffffff")["jobId"]
    work()
    sandbox.advance(60)
    TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
    tasks.sweep()
    work()
    waiting = TryOnJob.objects.get(pk=job_id)
    assert (waiting.status, waiting.retry_count) == (Status.QUEUED, 0)
    assert sandbox.ledger()["requests"]["run"] == 1

    Prediction.objects.update(submitted_at=clock.now() - timedelta(minutes=2))
    assert finish(job_id).status == Status.COMPLETED
    assert sandbox.ledger()["requests"]["run"] == 2


def test_the_run_rate_is_counted_over_the_last_minute(
    settings: Settings, queued: Callable[..., list[TryOnJob]]
) -> None:
    settings.FASHN_RUN_CALLS = 5
    for _ in range(4):
        PredictionFactory.create(
            job__failed=True,
            state=PredictionState.FAILED,
            submitted_at=clock.now() - timedelta(seconds=50),
        )
    queued(3)
    dispatch(Account.LIVE)
    assert len(started()) == 1
    Prediction.objects.filter(state=PredictionState.FAILED).update(
        submitted_at=clock.now() - timedelta(seconds=70)
    )
    dispatch(Account.LIVE)
    assert len(started()) == 3


def test_calls_that_wait_to_be_sent_count_in_the_run_rate(
    settings: Settings, queued: Callable[..., list[TryOnJob]]
) -> None:
    settings.FASHN_RUN_CALLS = 2
    queued(4)
    for _ in range(2):
        dispatch(Account.LIVE)
        assert len(started()) == 2


def test_status_calls_stay_below_fashns_limit(
    settings: Settings, generate: Generate, work: Callable[[], None], sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    work()
    settings.FASHN_STATUS_CALLS = 5
    TryOnJob.objects.update(next_check_at=clock.now() - timedelta(minutes=1))
    tasks.sweep()
    work()
    assert sandbox.ledger()["requests"].get("status", 0) == 0
    job = TryOnJob.objects.get(pk=job_id)
    assert list(job.events.values_list("kind", flat=True))[-1] == "check_postponed"
    assert job.next_check_at is not None
    assert job.next_check_at > clock.now()


def test_too_many_requests_hold_everybody_and_cost_no_retry(
    generate: Generate, work: Callable[[], None], finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "RateLimitExceeded")
    first, second = generate(seed=1)["jobId"], generate(seed=2)["jobId"]
    work()
    state = governor.current(Account.LIVE)
    assert state.held_reason == "provider_rate_limited"
    assert state.held_until is not None
    assert clock.now() < state.held_until < clock.now() + timedelta(seconds=6)
    Governor.objects.update(held_until=clock.now())
    assert finish(first).retry_count == finish(second).retry_count == 0


def test_fashn_says_how_long_it_wants_no_more_requests(
    generate: Generate, work: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.configure(retryAfter=100)
    sandbox.inject("run", "RateLimitExceeded")
    job_id = generate()["jobId"]
    work()
    held, until = governor.current(Account.LIVE).held_until, TryOnJob.objects.get(pk=job_id).not_before
    assert held is not None
    assert until is not None
    soon = clock.now() + timedelta(seconds=60)
    assert min(held, until) > soon


def test_the_more_are_in_flight_the_less_often_each_is_asked_about(
    generate: Generate, work: Callable[[], None], sandbox: Sandbox
) -> None:
    sandbox.inject("prediction", "never_ends")
    job_id = generate()["jobId"]
    work()
    for number in range(39):
        PredictionFactory.create(
            job__status=Status.PROCESSING, state=PredictionState.RUNNING, provider_id=f"abc-{number}"
        )
    before = clock.now()
    TryOnJob.objects.filter(pk=job_id).update(next_check_at=before)
    tasks.advance_job(job_id)
    again = TryOnJob.objects.get(pk=job_id).next_check_at
    assert sandbox.ledger()["requests"]["status"] == 1
    assert again is not None
    assert again - before >= timedelta(seconds=10)  # 50 questions in 10 s are FASHN's limit


def test_the_first_question_waits_for_most_of_the_typical_time(
    generate: Generate, work: Callable[[], None], sandbox: Sandbox
) -> None:
    job_id = generate(mode="quality")["jobId"]
    work()
    job = TryOnJob.objects.get(pk=job_id)
    submitted = job.predictions.get().submitted_at
    assert job.next_check_at is not None
    assert job.expected_at is not None
    assert submitted is not None
    assert job.next_check_at - submitted > (job.expected_at - submitted) / 2


def test_too_many_in_flight_lowers_the_slots_which_come_back(
    generate: Generate, finish: Finish, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "ConcurrencyLimitExceeded")
    assert finish(generate()["jobId"]).retry_count == 0
    now, state = clock.now(), governor.current(Account.LIVE)
    assert state.lowered_to == 1
    assert governor.slots(state, now) == 1
    assert governor.slots(state, now + timedelta(seconds=65)) == 3
    assert governor.slots(state, now + timedelta(hours=1)) == 5


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("OutOfCredits", Pause.OUT_OF_CREDITS), ("UnauthorizedAccess", Pause.UNAUTHORIZED)],
)
def test_the_account_pauses_everything_until_a_probe_finds_it_well(
    generate: Generate,
    work: Callable[[], None],
    finish: Finish,
    sandbox: Sandbox,
    fault: str,
    reason: Pause,
) -> None:
    sandbox.inject("run", fault)
    first, second = generate(seed=1)["jobId"], generate(seed=2)["jobId"]
    work()
    assert governor.current(Account.LIVE).pause == reason
    assert sandbox.ledger()["requests"]["run"] == 1
    sandbox.inject("credits", "InternalServerError")
    for still_paused in (True, False):
        Governor.objects.update(probe_at=clock.now())
        tasks.sweep()
        assert (governor.current(Account.LIVE).pause == reason) is still_paused
    assert finish(first).retry_count == finish(second).retry_count == 0


def test_no_credits_left_keeps_it_paused(generate: Generate, sandbox: Sandbox) -> None:
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    sandbox.set_credits(0)
    Governor.objects.update(probe_at=clock.now())
    tasks.sweep()
    assert governor.current(Account.LIVE).pause == Pause.OUT_OF_CREDITS
    assert sandbox.ledger()["requests"]["credits"] == 1
    tasks.sweep()
    assert sandbox.ledger()["requests"]["credits"] == 1  # not again so soon


def test_credits_that_do_not_pay_for_the_next_job_keep_it_paused(
    generate: Generate, sandbox: Sandbox
) -> None:
    generate(background="red")
    governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
    for credits_left, paused in ((1, True), (2, False)):
        sandbox.set_credits(credits_left)
        Governor.objects.update(probe_at=clock.now())
        tasks.sweep()
        assert bool(governor.current(Account.LIVE).pause) is paused


def test_a_good_key_is_enough_to_go_on_after_a_bad_one(generate: Generate, sandbox: Sandbox) -> None:
    generate(background="red")
    governor.pause(Account.LIVE, Pause.UNAUTHORIZED)
    sandbox.set_credits(1)
    Governor.objects.update(probe_at=clock.now())
    tasks.sweep()
    assert not governor.current(Account.LIVE).pause


def test_a_shopper_who_asks_for_a_picture_of_a_batch_does_not_wait_behind_it(
    generate: Generate,
) -> None:
    job_id = generate()["jobId"]
    TryOnJob.objects.update(lane=Lane.BULK)
    assert generate()["jobId"] == job_id
    job = TryOnJob.objects.get(pk=job_id)
    assert job.lane == Lane.INTERACTIVE
    assert job.events.filter(kind="hurried").count() == 1


def test_one_job_that_can_not_be_read_does_not_stop_the_others(
    queued: Callable[..., list[TryOnJob]],
) -> None:
    unreadable = queued(1, options={"mode": "turbo"})[0]
    others = queued(2)
    dispatch(Account.LIVE)
    assert started() == others
    unreadable.refresh_from_db()
    assert (unreadable.status, unreadable.error_code) == (Status.FAILED, "internal_error")


class TestOperator:
    def test_pauses_and_resumes_over_the_api(
        self,
        manager: Api,
        generate: Generate,
        work: Callable[[], None],
        finish: Finish,
        sandbox: Sandbox,
    ) -> None:
        assert data_of(manager.post("stats/pause"))["governor"]["pause"] == "operator"
        job_id = generate()["jobId"]
        work()
        assert TryOnJob.objects.get(pk=job_id).status == Status.QUEUED
        governor.pause(Account.LIVE, Pause.OUT_OF_CREDITS)
        assert governor.current(Account.LIVE).pause == Pause.OPERATOR  # a person's word counts more
        assert data_of(manager.post("stats/resume"))["governor"]["pause"] == ""
        assert finish(job_id).status == Status.COMPLETED

    def test_sees_the_state(self, manager: Api) -> None:
        TryOnJobFactory.create(failed=True)
        TryOnJobFactory.create(status=Status.FAILED, error_code="deadline_passed")
        stats = data_of(manager.get("stats"))
        assert stats["jobs"]["failed"] == 2
        assert stats["jobs"]["deadLetters"] == 1
        assert stats["governor"]["slots"] == 5
        assert stats["rescued"] == {"pictures": 0, "credits": 0}

    @pytest.mark.parametrize("path", ["stats/pause", "stats/resume"])
    def test_a_storefront_key_may_not(self, owner: Api, path: str) -> None:
        assert error_of(owner.get("stats"))["code"] == "permission_denied"
        assert error_of(owner.post(path))["code"] == "permission_denied"
