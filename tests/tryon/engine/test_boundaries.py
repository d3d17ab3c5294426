"""A worker may be killed, stopped by RQ, frozen or skewed anywhere: each boundary is walked, none is listed.

A boundary is crossed at each statement to the database and at each piece of an exchange with FASHN.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self, override
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import Settings
from requests.adapters import HTTPAdapter
from rq.timeouts import JobTimeoutException

from config.core import clock
from tests.conftest import Api, Finish, data_of
from tryon import tasks
from tryon.engine import leases, shield
from tryon.fashn import client
from tryon.models import ProductImage, Status, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# A try-on that crosses more boundaries than this does not end.
MOST_BOUNDARIES = 400


class Killed(BaseException):
    """The end of the process. Nothing of it runs any more, not even its cleanup."""


class Walk:
    """Counts boundaries, and has ``strike`` called at one, and at those after it until that calls ``hit``."""

    def __init__(self, at: int, strike: Callable[["Walk"], None]) -> None:
        self.at = at
        self.strike = strike
        self.crossed = 0
        self.dead = False
        self.struck_at = 0
        self.sent = False

    def cross(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return  # another process, or the thread that renews the lease
        if self.dead:
            raise Killed
        self.crossed += 1
        if self.crossed >= self.at and not self.struck_at:
            self.strike(self)

    def hit(self) -> None:
        """Note that it struck here, and nowhere else."""
        self.struck_at = self.crossed


@contextmanager
def walking(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def statement(execute: Callable[..., Any], *arguments: Any) -> Any:
        walk.cross()
        return execute(*arguments)

    send, read = HTTPAdapter.send, client._GuardedBody.read

    def exchange(adapter: HTTPAdapter, *arguments: Any, **options: Any) -> Any:
        walk.cross()
        answer = send(adapter, *arguments, **options)
        walk.sent = True
        walk.cross()
        return answer

    def piece(body: client._GuardedBody, size: int | None = -1, /) -> bytes:
        walk.sent = walk.sent or body.tell() == len(body.getbuffer())
        walk.cross()
        return read(body, size)

    with monkeypatch.context() as patch, connection.execute_wrapper(statement):
        patch.setattr(HTTPAdapter, "send", exchange)
        patch.setattr(client._GuardedBody, "read", piece)
        yield


def drive(job_id: str, sandbox: Sandbox, *, steps: int) -> None:
    """Let one worker take a job from the queue to its picture, as far as it comes."""
    tasks.advance_job(job_id)
    for _ in range(steps):
        sandbox.advance(60)
        for _ in range(2):
            TryOnJob.objects.filter(pk=job_id, next_check_at__isnull=False).update(next_check_at=clock.now())
            tasks.advance_job(job_id)


@dataclass(frozen=True, slots=True)
class Attempted:
    """A job after it was struck at, and how often FASHN was asked for its picture."""

    job: TryOnJob
    runs: int
    struck_at: int


type Attempt = Callable[[int, Callable[[Walk], None]], Attempted]


@pytest.fixture(params=[1])
def steps(request: pytest.FixtureRequest) -> int:
    """The number of garments. A test may ask for an outfit."""
    return int(request.param)


@pytest.fixture
def ask(owner: Api, product_id: str, model_id: str, steps: int) -> Callable[[int], str]:
    """Ask for a new try-on with this seed. Returns the job's id."""
    copy = ProductImage.objects.get(pk=product_id)
    copy.pk = uuid4()
    copy.save(force_insert=True)
    trousers = {"productImageId": product_id, "category": "bottoms"}
    shirt = {"productImageId": str(copy.pk), "category": "tops"}
    garments = [trousers, shirt][:steps]

    def request(seed: int) -> str:
        body = {"garments": garments, "modelImageId": model_id, "options": {"seed": seed}}
        return str(data_of(owner.post("generate", body))["jobId"])

    return request


@pytest.fixture
def attempt(
    ask: Callable[[int], str],
    steps: int,
    finish: Finish,
    sandbox: Sandbox,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Attempt:
    """Drive a new job, strike at a boundary, and let the others finish it."""

    # A walk is quicker than any shop, and the calls that nobody knows of hold their slots for minutes.
    settings.FASHN_RUN_CALLS = settings.FASHN_STATUS_CALLS = settings.QUEUE_CONCURRENCY = 100_000
    sandbox.configure(concurrency=100_000)

    def run(at: int, strike: Callable[[Walk], None]) -> Attempted:
        job_id = ask(at)
        walk, before = Walk(at, strike), len(sandbox.ledger()["predictions"])
        try:
            with walking(walk, monkeypatch):
                drive(job_id, sandbox, steps=steps)
        except (Killed, JobTimeoutException):
            connection.close()
        past = clock.now() - timedelta(seconds=1)
        TryOnJob.objects.filter(pk=job_id, lease__isnull=False).update(lease_until=past)
        job = finish(job_id)
        return Attempted(job, len(sandbox.ledger()["predictions"]) - before, walk.struck_at)

    return run


def assert_nothing_lost(attempted: Attempted) -> None:
    """The job has its picture, paid once; or it may have been sent, nobody knows, and a person decides."""
    job, runs, where = attempted.job, attempted.runs, f"boundary {attempted.struck_at}"
    steps = len(job.options.get("garments", [""]))
    if job.status == Status.COMPLETED:
        assert runs == steps, where
    else:
        assert job.error_code == "submission_unknown", where
        assert runs <= steps, where
    assert job.retry_count == 0, where


def boundaries(attempt: Attempt, strike: Callable[[Walk], None], *, stride: int = 1) -> Iterator[Attempted]:
    """Strike at each boundary in turn, or at one of ``stride``. Yield what came of each attempt."""
    at = random.randint(1, stride)
    while at < MOST_BOUNDARIES:
        attempted = attempt(at, strike)
        yield attempted
        if not attempted.struck_at:
            return
        # What is no boundary for this strike has been passed over.
        at = attempted.struck_at + stride
    raise AssertionError("the walk does not end")


def walk_all(attempt: Attempt, strike: Callable[[Walk], None], *, stride: int = 1) -> int:
    """Walk the boundaries. Return how many jobs got no picture."""
    unknown = 0
    for attempted in boundaries(attempt, strike, stride=stride):
        assert_nothing_lost(attempted)
        unknown += attempted.job.status == Status.FAILED
    return unknown


# A killed process closes nothing.
@pytest.mark.filterwarnings("ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_killed_worker(attempt: Attempt) -> None:
    def strike(walk: Walk) -> None:
        walk.dead = True
        walk.hit()
        raise Killed

    # The unsafe window, from "it is being sent" to the commit of its id: some statements and the POST itself.
    assert 1 <= walk_all(attempt, strike) <= 20


@pytest.mark.filterwarnings("ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_worker_killed_with_a_refusal_in_its_hand(attempt: Attempt, sandbox: Sandbox) -> None:
    """FASHN gets what it refuses for good only once: the refusal and its verdict are one change."""

    def strike(walk: Walk) -> None:
        if walk.sent:
            walk.dead = True
            walk.hit()
            raise Killed

    sandbox.inject("run", "BadRequest", times=MOST_BOUNDARIES)
    for asked, attempted in enumerate(boundaries(attempt, strike), start=1):
        assert attempted.job.status == Status.FAILED
        assert sandbox.ledger()["requests"]["run"] == asked, f"boundary {attempted.struck_at}"


@pytest.mark.filterwarnings("ignore:unclosed", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("steps", [2], indirect=True)
def test_a_killed_worker_of_an_outfit(attempt: Attempt) -> None:
    def strike(walk: Walk) -> None:
        walk.dead = True
        walk.hit()
        raise Killed

    assert walk_all(attempt, strike, stride=5) <= 14


def test_a_worker_that_rq_stops(attempt: Attempt) -> None:
    def strike(walk: Walk) -> None:
        if not shield.is_raised():
            walk.hit()
            raise JobTimeoutException

    assert walk_all(attempt, strike, stride=3) == 0


def test_a_frozen_worker_whose_job_another_takes_over(attempt: Attempt, owner: Api) -> None:
    """A person may retry a call that was not sent when its worker froze. It is not sent when that wakes."""

    def take_over(*, retries: bool) -> None:
        job = TryOnJob.objects.latest("created_at")
        expired = {"lease_until": clock.now() - timedelta(seconds=1)}
        TryOnJob.objects.filter(pk=job.pk, lease__isnull=False).update(**expired)
        tasks.advance_job(str(job.pk))
        job.refresh_from_db()
        if retries and job.status == Status.FAILED:
            assert owner.post(f"jobs/{job.pk}/retry").status_code == 202
            tasks.advance_job(str(job.pk))
        connection.close()

    def strike(walk: Walk) -> None:
        # A database that keeps a frozen process's row locks has the others wait for it.
        if not connection.in_atomic_block:
            walk.hit()
            leases._ends.clear()  # its monotonic clock went on
            other = threading.Thread(target=take_over, kwargs={"retries": not walk.sent})
            other.start()
            other.join()

    for attempted in boundaries(attempt, strike):
        assert_nothing_lost(attempted)


def test_a_host_whose_clock_is_set(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute ahead, then half a minute behind."""
    seconds = 0

    class Host(datetime):
        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(seconds=seconds)

    def strike(walk: Walk) -> None:
        nonlocal seconds
        walk.hit()
        seconds = -30 if seconds > 0 else 30

    monkeypatch.setattr(clock, "datetime", Host)
    monkeypatch.setattr("django.utils.timezone.now", lambda: Host.now(UTC))

    assert walk_all(attempt, strike, stride=3) == 0
