"""The circuit breaker: a FASHN that fails is left alone for a while."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from config.core import clock
from tests.conftest import Finish, Generate
from tests.factories import PredictionFactory
from tryon import tasks
from tryon.engine import governor
from tryon.engine.advance import dispatch
from tryon.engine.governor.breaker import FAILURES_TO_OPEN
from tryon.models import Account, Governor, Lane, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def started() -> list[TryOnJob]:
    return list(TryOnJob.objects.filter(status=Status.PROCESSING))


class TestCircuitBreaker:
    @pytest.fixture(autouse=True)
    def fashn_is_down(self, sandbox: Sandbox) -> Iterator[None]:
        sandbox.inject("run", "service_unavailable", times=FAILURES_TO_OPEN)
        yield
        sandbox.clear_faults()

    def test_it_opens_holds_jobs_and_closes_after_one_that_works(
        self,
        generate: Generate,
        work: Callable[[], None],
        finish: Finish,
        sandbox: Sandbox,
        settings: Settings,
    ) -> None:
        settings.QUEUE_MAX_RETRIES = 1
        jobs = [generate(seed=seed)["jobId"] for seed in range(FAILURES_TO_OPEN + 2)]
        work()
        state = governor.current(Account.LIVE)
        assert state.failures == FAILURES_TO_OPEN
        assert state.open_until is not None
        assert state.open_until > clock.now()
        calls = sandbox.ledger()["requests"]["run"]
        tasks.sweep()
        work()
        assert sandbox.ledger()["requests"]["run"] == calls  # held, not burnt
        assert not TryOnJob.objects.filter(status=Status.FAILED).exists()

        past = clock.now() - timedelta(seconds=1)
        Governor.objects.update(open_until=past, probe_at=past)
        TryOnJob.objects.filter(not_before__isnull=False).update(not_before=past)
        tasks.sweep()
        assert len(started()) == 1  # one may try
        assert all(finish(job).status == Status.COMPLETED for job in jobs)
        assert governor.current(Account.LIVE).failures == 0

    def test_a_batch_alone_can_find_out_that_fashn_is_back(
        self, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        queued(3, lane=Lane.BULK)
        Governor.objects.create(pk=1, failures=FAILURES_TO_OPEN, open_until=clock.now() - timedelta(hours=1))
        dispatch(Account.LIVE)
        assert len(started()) == 1

    def test_a_job_that_fashn_can_not_stand_does_not_have_every_trial(
        self, queued: Callable[..., list[TryOnJob]]
    ) -> None:
        bad, good = queued(2)
        PredictionFactory.create(job=bad, state=PredictionState.FAILED)
        Governor.objects.create(pk=1, failures=FAILURES_TO_OPEN, open_until=clock.now() - timedelta(hours=1))
        dispatch(Account.LIVE)
        assert started() == [good]

    def test_a_fashn_that_does_not_answer_opens_it_too(
        self, generate: Generate, work: Callable[[], None], sandbox: Sandbox
    ) -> None:
        sandbox.clear_faults()
        sandbox.inject("run", "reset_after", times=99)
        for seed in range(FAILURES_TO_OPEN + 2):
            generate(seed=seed)
        work()
        Prediction.objects.update(submitted_at=clock.now() - timedelta(minutes=6))
        tasks.sweep()
        work()
        assert governor.current(Account.LIVE).open_until is not None
        assert sandbox.ledger()["requests"]["run"] == FAILURES_TO_OPEN
        assert TryOnJob.objects.filter(status=Status.QUEUED).count() == 2


def test_failures_that_come_in_together_keep_the_circuit_open_no_longer() -> None:
    for _ in range(FAILURES_TO_OPEN + 4):
        governor.submission_failed(Account.LIVE)
    state = governor.current(Account.LIVE)
    assert state.failures == FAILURES_TO_OPEN
    assert state.open_until is not None
    assert state.open_until <= clock.now() + timedelta(seconds=30)

    Governor.objects.update(open_until=clock.now())
    until = governor.submission_failed(Account.LIVE)  # the one that tried afterwards
    assert until is not None
    assert timedelta(seconds=55) < until - clock.now() <= timedelta(seconds=60)


def test_however_often_fashn_fails_it_is_tried_again_within_five_minutes() -> None:
    Governor.objects.create(pk=1, failures=FAILURES_TO_OPEN + 6, open_until=clock.now())
    until = governor.submission_failed(Account.LIVE)
    assert until is not None
    assert timedelta(minutes=4) < until - clock.now() <= timedelta(minutes=5)


def test_a_long_hold_is_not_shortened_by_a_short_one() -> None:
    governor.hold(Account.LIVE, reason="long", seconds=60)
    governor.hold(Account.LIVE, reason="short", seconds=5)
    state = governor.current(Account.LIVE)
    assert state.held_reason == "long"
    assert state.held_until is not None
    assert state.held_until > clock.now() + timedelta(seconds=30)

    governor.hold(Account.LIVE, reason="longer", seconds=5, at_least=600)
    state = governor.current(Account.LIVE)
    assert state.held_reason == "longer"
    assert state.held_until is not None
    assert state.held_until > clock.now() + timedelta(seconds=300)
