"""The programs of the demo, and how each shows that it does its work."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from redis import RedisError

from config.core.redis.addresses import connect
from tryon.demo.broker import LOOPBACK, PrivateRedis
from tryon.demo.handout import Handout
from tryon.demo.processes import Service

PROJECT: Final = Path(__file__).resolve().parent.parent.parent
# A SimpleWorker runs its tasks in its own process; a fresh one now and then keeps its memory bounded.
TASKS_PER_WORKER: Final = 1000
ASK_SECONDS: Final = 2.0


def manage(*arguments: str) -> tuple[str, ...]:
    """A management command of this project, on this Python."""
    return (sys.executable, "manage.py", *arguments)


def redis_service(broker: PrivateRedis) -> Service:
    return Service("redis", broker.command, broker.directory, lambda _: broker.answers())


def sandbox_service(handout: Handout, speed: float) -> Service:
    return _sandbox("sandbox", handout.sandbox_url, speed)


def test_sandbox_service(handout: Handout, speed: float) -> Service:
    """The sandbox of test keys."""
    return _sandbox("test-sandbox", handout.test_sandbox_url, speed)


def _sandbox(name: str, url: str, speed: float) -> Service:
    # Its key comes in FASHN_SANDBOX_KEY: every user of the machine can read arguments.
    options = ("--host", LOOPBACK, "--port", str(urlsplit(url).port), "--speed", str(speed))
    return Service(name, manage("fashn_sandbox", *options), PROJECT, lambda _: _serves(url))


def worker_services(redis_url: str) -> tuple[Service, Service]:
    """A worker process for each queue."""
    steps = manage(
        "rqworker", "tryon", "--with-scheduler", "--worker-class", "tryon.worker.StepWorker", "--max-jobs",
        str(TASKS_PER_WORKER), "--verbosity", "0",
    )  # fmt: skip
    return (
        Service("worker", steps, PROJECT, _worker_listens(redis_url, "tryon")),
        Service(
            "maintenance",
            manage("rqworker", "maintenance", "--verbosity", "0"),
            PROJECT,
            _worker_listens(redis_url, "maintenance"),
        ),
    )


def cron_service(redis_url: str) -> Service:
    """The clock that sends the sweep."""
    return Service("cron", manage("rqcron", "config.cron"), PROJECT, _clock_runs(redis_url))


def web_service(handout: Handout) -> Service:
    """Granian with the gate. Django itself runs as WSGI, in threads of the gate."""
    command = (
        sys.executable, "-m", "granian", "--interface", "asgi",
        "--host", LOOPBACK, "--port", str(urlsplit(handout.url).port),
        "--workers", "2", "--respawn-failed-workers",
        "config.asgi:application",
    )  # fmt: skip
    return Service("web", command, PROJECT, lambda _: _serves(f"{handout.url}/readyz"))


def events_service(url: str) -> Service:
    """The live door."""
    command = (sys.executable, "-m", "tryon.events", "--host", LOOPBACK, "--port", str(urlsplit(url).port))
    return Service("events", command, PROJECT, lambda _: _serves(f"{url}/readyz"))


def reloading_web_service(handout: Handout) -> Service:
    """Django's development server, which starts again when our code changes."""
    command = manage("runserver", urlsplit(handout.url).netloc)
    return Service("web", command, PROJECT, lambda _: _serves(f"{handout.url}/readyz"))


def _serves(address: str) -> bool:
    """Return whether an HTTP server answers there without a server error."""
    try:
        return requests.get(address, timeout=ASK_SECONDS).status_code < 500
    except requests.RequestException:
        return False


def _worker_listens(redis_url: str, queue: str) -> Callable[[int], bool]:
    """Return a check that a process is among the queue's workers, which RQ lists in Redis by name."""

    def listens(pid: int) -> bool:
        try:
            with connect(redis_url) as connection:
                names: Any = connection.smembers(f"rq:workers:{queue}")
                return any(connection.hget(name, "pid") == b"%d" % pid for name in names)
        except RedisError:
            return False

    return listens


def _clock_runs(redis_url: str) -> Callable[[int], bool]:
    """Return a check that a process is among RQ's clocks, listed as ``<host>:<process id>:<random>``."""

    def runs(pid: int) -> bool:
        try:
            with connect(redis_url) as connection:
                names: Any = connection.zrange("rq:cron_schedulers", 0, -1)
                return any(b":%d:" % pid in name for name in names)
        except RedisError:
            return False

    return runs
