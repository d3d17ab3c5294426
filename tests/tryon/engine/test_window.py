"""The unsafe window: what a process that was frozen, or is out of time, still does."""

import signal
from collections.abc import Callable

import pytest
from rq.timeouts import JobTimeoutException

from config.core import clock
from tests.conftest import Finish, Generate
from tests.waiting import eventually
from tryon import tasks
from tryon.engine import leases, shield
from tryon.fashn.client import FashnClient
from tryon.fashn.errors import NotSent, Withheld
from tryon.models import Prediction, PredictionState, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.worker import PatientDeathPenalty

INPUTS = {"model_image": "https://example.com/m.jpg", "garment_image": "https://example.com/g.jpg"}


def test_a_request_is_withheld_when_its_leave_ends_between_two_pieces(sandbox: Sandbox) -> None:
    asked: list[bool] = []

    def may_send() -> bool:
        asked.append(len(asked) < 2)
        return asked[-1]

    client = FashnClient(base_url=sandbox.url, api_key=sandbox.api_key)
    with pytest.raises(Withheld):
        client.run("tryon-v1.6", {**INPUTS, "padding": "x" * 100_000}, may_send=may_send)
    assert len(asked) == 3
    assert sandbox.ledger()["predictions"] == []


def test_a_request_that_has_left_is_not_taken_back(sandbox: Sandbox) -> None:
    """The last question is asked before the last piece: then a server may have run it."""
    leave = iter([True])

    client = FashnClient(base_url=sandbox.url, api_key=sandbox.api_key)

    assert client.run("tryon-v1.6", INPUTS, may_send=lambda: next(leave, False))


def test_a_request_that_takes_too_long_to_send_is_given_up(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tryon.fashn.client.SENDING_SECONDS", -1.0)
    client = FashnClient(base_url=sandbox.url, api_key=sandbox.api_key)
    with pytest.raises(NotSent):
        client.run("tryon-v1.6", INPUTS)
    assert sandbox.ledger()["predictions"] == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_without_time_on_its_lease_sends_nothing_and_costs_no_retry(
    generate: Generate, finish: Finish, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = generate()["jobId"]
    with monkeypatch.context() as frozen:
        frozen.setattr(leases, "MARGIN_SECONDS", 60.0)
        tasks.advance_job(job_id)
    assert Prediction.objects.get().state == PredictionState.FAILED
    assert sandbox.ledger()["predictions"] == []

    job = finish(job_id)

    assert (job.status, job.retry_count) == (Status.COMPLETED, 0)
    assert len(sandbox.ledger()["predictions"]) == 1


@pytest.mark.django_db(transaction=True)
def test_the_thread_that_renews_a_lease_survives_any_error(
    generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = generate()["jobId"]
    TryOnJob.objects.update(status=Status.PROCESSING)
    errors = iter([RuntimeError("a driver's own")])
    now = clock.now

    def now_and_then() -> object:
        for error in errors:
            raise error
        return now()

    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
    with leases.leased(job_id) as job:
        assert job is not None
        first = job.lease_until
        assert first is not None
        monkeypatch.setattr(clock, "now", now_and_then)
        eventually(TryOnJob.objects.filter(pk=job_id, lease_until__gt=first).exists)


@pytest.fixture
def alarm() -> Callable[[], None]:
    """RQ's time limit strikes."""
    limit = PatientDeathPenalty(60, JobTimeoutException)  # type: ignore[no-untyped-call]

    def strike() -> None:
        try:
            limit.handle_death_penalty(signal.SIGALRM, None)
        finally:
            signal.alarm(0)

    return strike


def test_the_time_limit_waits_for_the_unsafe_window(alarm: Callable[[], None]) -> None:
    with shield.shielded():
        alarm()
    with pytest.raises(JobTimeoutException):
        alarm()
