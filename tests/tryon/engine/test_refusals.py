"""FASHN takes no more for now: it is not hammered, and a call that never was leaves an event only."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from config.core import clock
from tests.conftest import Finish, Generate
from tests.factories import PredictionFactory
from tests.ledger import runs
from tryon import tasks
from tryon.engine import governor
from tryon.engine.governor.breaker import FAILURES_TO_OPEN
from tryon.models import Account, Governor, JobEvent, Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

type Work = Callable[[], None]


def let_the_hold_pass() -> None:
    Governor.objects.update(held_until=clock.now())
    TryOnJob.objects.update(not_before=None)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "first"), [("ConcurrencyLimitExceeded", 3), ("RateLimitExceeded", 5)])
def test_a_hold_grows_while_nothing_is_accepted(
    generate: Generate, work: Work, finish: Finish, sandbox: Sandbox, fault: str, first: int
) -> None:
    """With nothing of ours in flight. One submission is made after each hold, however many jobs wait."""
    sandbox.inject("run", fault, times=6)
    jobs = [generate(seed=seed)["jobId"] for seed in range(8)]
    for attempt in range(1, 7):
        before = clock.now()
        work()
        assert runs(sandbox) == attempt
        until = governor.current(Account.LIVE).held_until
        assert until is not None
        hold = timedelta(seconds=min(60, first * 2 ** (attempt - 1)))
        assert until - clock.now() <= hold <= until - before
        Governor.objects.update(held_until=clock.now() + timedelta(hours=1))
        tasks.sweep()
        work()
        assert runs(sandbox) == attempt  # nothing more while it is held
        let_the_hold_pass()
        tasks.sweep()
    work()
    assert governor.current(Account.LIVE).refusals == 0
    assert {finish(job).retry_count for job in jobs} == {0}


@pytest.mark.parametrize(
    "fault", ["ConcurrencyLimitExceeded", "RateLimitExceeded", "OutOfCredits", "UnauthorizedAccess"]
)
def test_a_refused_attempt_leaves_an_event_and_no_call(
    generate: Generate, work: Work, finish: Finish, sandbox: Sandbox, fault: str
) -> None:
    sandbox.inject("run", fault)
    job_id = generate()["jobId"]
    work()
    assert not Prediction.objects.exists()
    job = TryOnJob.objects.get()
    assert (job.status, job.price, job.retry_count) == (Status.QUEUED, 1, 0)
    event = job.events.get(kind="submission_refused")
    assert event.data == {"error": fault, "account": "live"}
    Governor.objects.update(probe_at=clock.now())
    assert finish(job_id).status == Status.COMPLETED


def test_a_job_whose_turn_is_held_leaves_no_call_either(
    generate: Generate, work: Work, sandbox: Sandbox
) -> None:
    sandbox.inject("run", "RateLimitExceeded")
    for seed in range(3):
        generate(seed=seed)
    work()
    assert not Prediction.objects.exists()
    assert set(TryOnJob.objects.values_list("status", flat=True)) == {Status.QUEUED}
    assert JobEvent.objects.filter(kind="slot_returned").exists()


def test_refused_attempts_count_as_runs_of_the_last_minute(
    generate: Generate, work: Work, sandbox: Sandbox, settings: object
) -> None:
    settings.FASHN_RUN_CALLS = 2  # type: ignore[attr-defined]
    sandbox.inject("run", "RateLimitExceeded", times=5)
    generate()
    for _ in range(4):
        work()
        let_the_hold_pass()
        tasks.sweep()
    assert runs(sandbox) == 2


def test_a_refusal_with_others_of_ours_in_flight_waits_for_one_of_them(
    generate: Generate, work: Work, sandbox: Sandbox
) -> None:
    """Not even those that had a slot already are sent."""
    generate(seed=1)
    work()
    sandbox.inject("run", "ConcurrencyLimitExceeded", times=9)
    for seed in range(2, 6):
        generate(seed=seed)
    work()
    state = governor.current(Account.LIVE)
    assert (state.lowered_to, state.held_until, state.refusals) == (1, None, 0)
    tasks.sweep()
    work()
    assert runs(sandbox) == 2
    assert Prediction.objects.count() == 1


def test_a_call_that_another_worker_gave_up_is_not_removed(
    generate: Generate, work: Work, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal came late: the lease had run out, and a successor waits for the call's webhook."""
    from tryon.fashn.client import FashnClient

    run = FashnClient.run

    def slow(client: FashnClient, *args: object, **options: object) -> str:
        Prediction.objects.update(state=PredictionState.UNKNOWN)
        soon = clock.now() + timedelta(minutes=3)
        TryOnJob.objects.update(lease=None, lease_until=None, next_check_at=soon)
        return run(client, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FashnClient, "run", slow)
    sandbox.inject("run", "RateLimitExceeded")
    generate()
    work()
    assert Prediction.objects.get().state == PredictionState.FAILED
    assert TryOnJob.objects.get().status == Status.PROCESSING


class TestHalfOpenCircuit:
    @pytest.fixture
    def opened(self, db: None) -> None:
        past = clock.now() - timedelta(seconds=1)
        Governor.objects.create(pk=1, failures=FAILURES_TO_OPEN, open_until=past, probe_at=past)

    def test_no_job_tries_before_fashn_has_told_its_balance(
        self, generate: Generate, work: Work, sandbox: Sandbox, opened: None
    ) -> None:
        sandbox.inject("credits", "InternalServerError", times=3)
        generate()
        for asked in range(1, 4):
            work()
            tasks.sweep()
            state = governor.current(Account.LIVE)
            assert sandbox.ledger()["requests"]["credits"] == asked
            assert state.failures == FAILURES_TO_OPEN + asked
            assert state.open_until is not None
            assert state.open_until > clock.now() + timedelta(seconds=50)
            past = clock.now() - timedelta(seconds=1)
            Governor.objects.update(open_until=past, probe_at=past)
        assert runs(sandbox) == 0
        assert not Prediction.objects.exists()
        tasks.sweep()
        work()
        assert runs(sandbox) == 1
        assert governor.current(Account.LIVE).open_until is None

    def test_the_question_is_asked_when_the_circuit_has_been_open_long_enough(
        self, generate: Generate, work: Work, sandbox: Sandbox
    ) -> None:
        sandbox.inject("run", "service_unavailable", times=FAILURES_TO_OPEN)
        for seed in range(FAILURES_TO_OPEN):
            generate(seed=seed)
        work()
        state = governor.current(Account.LIVE)
        assert state.open_until is not None
        assert state.probe_at == state.open_until


def test_a_job_of_another_time_gives_its_slot_back_at_once(
    generate: Generate, work: Work, sandbox: Sandbox
) -> None:
    job_id = generate()["jobId"]
    work()
    TryOnJob.objects.update(options={"mode": "turbo"}, next_check_at=clock.now())
    sandbox.advance(60)
    tasks.advance_job(job_id)
    job = TryOnJob.objects.get()
    assert (job.status, job.error_code) == (Status.FAILED, "internal_error")
    Prediction.objects.update(rescue_at=clock.now())
    tasks.sweep()
    work()
    prediction = Prediction.objects.get()
    assert prediction.state == PredictionState.SUCCEEDED  # what is paid is noted, and copied
    assert prediction.kept
    assert governor.slots_taken(Account.LIVE) == 0


def test_a_reserved_call_of_a_job_of_another_time_is_dropped(sandbox: Sandbox) -> None:
    call = PredictionFactory.create(
        job__status=Status.PROCESSING, job__options={"mode": "turbo"}, state=PredictionState.RESERVED
    )
    tasks.advance_job(str(call.job_id))
    assert governor.slots_taken(Account.LIVE) == 0
    assert TryOnJob.objects.get().status == Status.FAILED
