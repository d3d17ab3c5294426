"""Redis answers PING and refuses to write: to the product it is away, and comes back without a restart."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings
from redis import Redis

from config.core.redis.outage import Outage
from tests import redis_servers
from tests.conftest import Api, Generate, Poll
from tests.waiting import eventually
from tryon.demo.broker import PrivateRedis, answers
from tryon.engine import queue
from tryon.sandbox import Sandbox
from tryon.services import fallback

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[3]
PROCESSES = {
    "worker": ("rqworker", "tryon", "--worker-class", "tryon.worker.StepWorker", "--verbosity", "0"),
    "maintenance": ("rqworker", "maintenance", "--verbosity", "0"),
    "cron": ("rqcron", "config.cron"),
}


@pytest.fixture
def broker(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateRedis]:
    """A Redis for the queue of this test."""
    with PrivateRedis(tmp_path / "redis") as server:
        settings.REDIS_URL = server.url
        monkeypatch.setattr(queue, "outage", Outage())
        queue._queue.cache_clear()
        yield server
        fallback.SUBSTITUTE.end()
        queue._queue.cache_clear()


@pytest.fixture(params=redis_servers.AILMENTS)
def refusing(request: pytest.FixtureRequest, broker: PrivateRedis) -> PrivateRedis:
    """It refuses while the product holds a connection to it."""
    assert not queue.is_away()
    queue.outage._looked_at = 0.0  # as two seconds later
    redis_servers.AILMENTS[request.param](broker.url)
    assert eventually(lambda: answers(broker.url))
    return broker


@pytest.mark.usefixtures("refusing")
def test_a_thread_of_the_web_process_moves_the_job_on(
    owner: Api, generate: Generate, sandbox: Sandbox, poll: Poll
) -> None:
    job_id = generate()["jobId"]
    assert poll(job_id)["resultImageUrl"]
    assert len(sandbox.ledger()["predictions"]) == 1


def test_tasks_are_handed_over_again_when_it_is_well(
    refusing: PrivateRedis, generate: Generate, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(seed=1)
    assert queue.is_away()
    redis_servers.make_well(refusing.url)
    monkeypatch.setattr(queue, "outage", Outage())  # as two seconds later
    generate(seed=2)
    with Redis.from_url(refusing.url, decode_responses=True) as client:
        assert [name for name in client.lrange("rq:queue:tryon", 0, -1) if name.startswith("dispatch-")]


@pytest.mark.slow
@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_that_is_started_meanwhile_waits_and_says_why(
    name: str, refusing: PrivateRedis, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "REDIS_URL": refusing.url,
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3",
    }
    log = tmp_path / f"{name}.log"
    command = [sys.executable, "manage.py", *PROCESSES[name]]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            until(lambda: log.read_text().count("redis_not_writable") >= 2, process)
            redis_servers.make_well(refusing.url)
            until(lambda: is_at_work(name, process.pid, refusing.url), process)
        finally:
            process.kill()


def is_at_work(name: str, process_id: int, url: str) -> bool:
    """Return whether the process is among those that RQ knows."""
    with Redis.from_url(url, decode_responses=True) as client:
        if name == "cron":
            return any(f":{process_id}:" in clock for clock in client.zrange("rq:cron_schedulers", 0, -1))
        workers = client.smembers("rq:workers")
        return any(client.hget(worker, "pid") == str(process_id) for worker in workers)


def until(happened: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    def has_happened() -> bool:
        assert process.poll() is None, "it ended"
        return happened()

    eventually(has_happened)
