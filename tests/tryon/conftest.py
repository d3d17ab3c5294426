"""Jobs that wait, jobs that were given up, and the rescue of what they had paid for."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django import Settings

from config.core import clock
from tests.conftest import Generate
from tests.factories import TryOnJobFactory
from tests.stores import away
from tryon import tasks
from tryon.engine.governor import budget
from tryon.models import Prediction, Status, TryOnJob
from tryon.sandbox import Sandbox

# Longer than a deadline, shorter than after what a stuck job is abandoned.
A_WHILE = timedelta(minutes=15)


@pytest.fixture
def queued() -> Callable[..., list[TryOnJob]]:
    """Queued jobs, in order of arrival."""

    def make(number: int, **fields: object) -> list[TryOnJob]:
        return TryOnJobFactory.create_batch(number, **fields)

    return make


@pytest.fixture
def past_deadline(work: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the deadline of every call and of every picture that is ready go by, and have the workers look.

    The day began hours ago: what was paid a while ago is of today.
    """
    monkeypatch.setattr(budget, "_midnight_before", lambda now: now - timedelta(hours=12))

    def look_a_while_later() -> None:
        long_ago = clock.now() - A_WHILE
        Prediction.objects.update(submitted_at=long_ago)
        Prediction.objects.filter(finished_at__isnull=False).update(finished_at=long_ago)
        waiting = TryOnJob.objects.filter(next_check_at__isnull=False)
        waiting.update(next_check_at=long_ago, started_at=long_ago)
        tasks.sweep()
        work()

    def run() -> None:
        look_a_while_later()
        look_a_while_later()  # what has become ready since has had its time too

    return run


@pytest.fixture
def given_up(
    generate: Generate, work: Callable[[], None], past_deadline: Callable[[], None], sandbox: Sandbox
) -> TryOnJob:
    """A job that failed at its deadline while FASHN was still working on it (and is done by now)."""
    job_id = generate()["jobId"]
    work()
    sandbox.inject("status", "InternalServerError")
    past_deadline()
    job = TryOnJob.objects.get(pk=job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "deadline_passed")
    return job


@pytest.fixture
def not_stored(
    generate: Generate,
    work: Callable[[], None],
    past_deadline: Callable[[], None],
    sandbox: Sandbox,
    settings: Settings,
) -> TryOnJob:
    """A job whose picture is paid for, and which failed because the store was away until its deadline."""
    job_id = generate()["jobId"]
    work()
    sandbox.advance(60)
    with away(settings):
        past_deadline()
    job = TryOnJob.objects.get(pk=job_id)
    assert (job.status, job.error_code) == (Status.FAILED, "result_not_usable")
    return job


@pytest.fixture
def rescue_now(work: Callable[[], None]) -> Callable[[], None]:
    """Have what is looked after looked at now."""

    def run() -> None:
        Prediction.objects.filter(rescue_at__isnull=False).update(rescue_at=clock.now())
        tasks.sweep()
        work()

    return run
