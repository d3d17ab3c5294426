"""A whole installation of real processes in a folder of its own, with everything in reach to be broken."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import requests

from tests.chaos.network import clock_ahead
from tests.postgres import fresh_database
from tryon.demo import services
from tryon.demo.broker import LOOPBACK, PrivateRedis, free_port
from tryon.demo.environment import child_environment, own_environment
from tryon.demo.guard import Guard
from tryon.demo.handout import Handout, handout_for
from tryon.demo.processes import Child, Service, how_it_ended

READY_SECONDS: Final = 240.0
COMMAND_SECONDS: Final = 120.0
# A process manager's pause: what can't start without Redis must not take the machine from the others.
RESTART_SECONDS: Final = 1.0
SKEW_SECONDS: Final = 30
# Five slots of eight seconds make 37 runs a minute, below FASHN's 50; the sandbox's clock keeps the ratio.
SPEED: Final = 8.0
SETTINGS: Final = {
    "QUEUE_CONCURRENCY": "5",
    "QUEUE_RETRY_DELAY": "500",
    "FASHN_TIMEOUT_SECONDS": "3",
    "SUBMISSION_WAIT_SECONDS": "30",
    "JOB_DEADLINE_SECONDS": "45",
    "LOG_FORMAT": "json",
}


@dataclass
class World:
    """The processes by name, and how to reach them. ``keep_alive`` restarts what has died.

    ``deaths`` counts processes by name and how they ended.
    """

    folder: Path
    handout: Handout
    environment: dict[str, str]
    redis_url: str
    guard: Guard
    children: dict[str, Child] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    restart_at: dict[str, float] = field(default_factory=dict)
    deaths: Counter[str] = field(default_factory=Counter)

    def launch(self, name: str, service: Service) -> None:
        """Start a service under a name of its own."""
        child = Child(service, self.environment, self.folder / "logs" / f"{name}.log")
        self.guard.watch(child.pid)
        self.children[name] = child

    def keep_alive(self) -> None:
        """Start again what has died, after a moment, as a process manager would; not what was stopped."""
        now = time.monotonic()
        for name, child in list(self.children.items()):
            if name in self.stopped or (exit_code := child.exit_code) is None:
                continue
            if name not in self.restart_at:
                self.deaths[f"{name} ({how_it_ended(exit_code)})"] += 1
                child.clear()
                self.guard.forget(child.pid)
                # A worker that recycles itself is back at once.
                self.restart_at[name] = now + (RESTART_SECONDS if exit_code else 0.0)
            if now >= self.restart_at[name]:
                del self.restart_at[name]
                self.launch(name, child.service)

    def stop(self, name: str) -> None:
        """Stop a process with everything it has in memory, until ``resume``."""
        self.stopped.add(name)
        self.children[name].stop()
        self.guard.forget(self.children[name].pid)

    def resume(self, name: str) -> None:
        """Start a stopped process again."""
        self.stopped.discard(name)
        self.launch(name, self.children[name].service)

    def obituary(self) -> str:
        """Which processes ended how, and how often."""
        return ", ".join(f"{who} x {times}" for who, times in sorted(self.deaths.items())) or "none"

    def wait_until_ready(self) -> None:
        """Wait until every process does its work. Raise TimeoutError."""
        deadline = time.monotonic() + READY_SECONDS
        for name, child in self.children.items():
            while not child.ready:
                if child.exit_code is not None or time.monotonic() > deadline:
                    raise TimeoutError(f"{name} did not start; see {child.log}")
                time.sleep(0.05)

    def kill(self, name: str) -> None:
        """SIGKILL a process and all of its session. It may be dead already, waiting for its restart."""
        self._signal(name, signal.SIGKILL)

    def freeze(self, name: str) -> None:
        """SIGSTOP a process and all of its session: it wakes later and knows nothing of the time between."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT a frozen process."""
        self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> None:
        if name not in self.restart_at:
            with suppress(ProcessLookupError):
                os.killpg(self.children[name].pid, number)

    def run(self, *arguments: str, text: str = "") -> str:
        """Run a program of the project to its end, and return what it printed.

        Raise CalledProcessError and TimeoutExpired.
        """
        with (self.folder / "logs" / "commands.log").open("ab") as log:
            return subprocess.run(
                [services.manage()[0], *arguments],
                cwd=services.PROJECT,
                env=self.environment,
                input=text,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=True,
                timeout=COMMAND_SECONDS,
            ).stdout

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's console."""
        answer = requests.request(
            method, f"{self.handout.sandbox_url}/_sandbox/{path}", json=body, timeout=10
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def api(self, method: str, path: str, body: Any = None, **form: Any) -> Any:
        """Call the product's API as the shop does, with JSON or a form, and return the answer's data.

        ``form`` is what requests takes as ``files`` and ``data``. Raise requests.RequestException.
        """
        return self.ask(self.handout.url, method, path, body, **form)

    def ask(self, url: str, method: str, path: str, body: Any = None, **form: Any) -> Any:
        """Call the API of the web process at this address, as ``api`` does."""
        answer = requests.request(
            method,
            f"{url}/api/tryon/{path}",
            json=body,
            **form,
            headers={"Authorization": f"Api-Key {self.handout.api_key}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()["data"]

    def rows(self) -> Any:
        """Jobs and predictions as the database has them."""
        return json.loads(self.run("-m", "tests.chaos.rows"))


@contextmanager
def world(
    folder: Path,
    *,
    database_url: str = "",
    speed: float = SPEED,
    settings: Mapping[str, str] = SETTINGS,
    workers: int = 2,
) -> Iterator[World]:
    """Build an installation in ``folder``, run it for the block, and leave no process behind."""
    (folder / "logs").mkdir(parents=True)
    with ExitStack() as at_the_end:
        handout = handout_for(
            folder,
            url=f"http://{LOOPBACK}:{free_port()}",
            sandbox_url=f"http://{LOOPBACK}:{free_port()}",
        )
        broker = PrivateRedis(folder / "redis")
        broker.prepare()
        environment = child_environment(
            os.environ, own_environment(var=folder, redis_url=broker.url, handout=handout, speed=speed)
        )
        if database_url:
            environment["DATABASE_URL"] = at_the_end.enter_context(fresh_database(database_url))
        guard = Guard()
        at_the_end.callback(guard.close)
        made = World(folder, handout, {**environment, **settings}, broker.url, guard)
        at_the_end.callback(stop, made)
        _start(made, broker, speed, workers)
        yield made


def _start(made: World, broker: PrivateRedis, speed: float, workers: int) -> None:
    made.launch("redis", services.redis_service(broker))
    made.launch("sandbox", services.sandbox_service(made.handout, speed))
    made.wait_until_ready()
    made.run("manage.py", "migrate", "--no-input")
    made.run("manage.py", "demo_library", text=json.dumps(made.handout.to_json()))
    (made.folder / "static").mkdir()
    worker, maintenance = services.worker_services(made.redis_url)
    for number in range(1, workers + 1):
        # SQLite's clock is the process's own: hosts that differ share a PostgreSQL.
        skewed = number == workers and "postgres" in made.environment.get("DATABASE_URL", "")
        ahead = clock_ahead(SKEW_SECONDS if skewed else 0)
        made.launch(f"worker-{number}", replace(worker, command=(*ahead, *worker.command)))
    made.launch("maintenance", maintenance)
    made.launch("cron", services.cron_service(made.redis_url))
    made.launch("cron-2", services.cron_service(made.redis_url))  # a mistake that costs nothing
    made.launch("web", services.web_service(made.handout))
    made.wait_until_ready()


def stop(made: World) -> None:
    """End all processes."""
    for child in reversed(made.children.values()):
        child.stop(seconds=3)
