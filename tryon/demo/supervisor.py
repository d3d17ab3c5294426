"""Starts services, restarts the ones that die, ends them all: what systemd does for an installed service."""

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.core.private import make_private_file
from tryon.demo.errors import ChildFailed
from tryon.demo.guard import Guard
from tryon.demo.processes import PRIVATE_UMASK, Child, Service, how_it_ended

READY_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
FIRST_BACK_OFF_SECONDS: Final = 0.5
LONGEST_BACK_OFF_SECONDS: Final = 30.0
# Who ran this long was well: its next death counts as its first.
HEALTHY_SECONDS: Final = 30.0


@dataclass
class Watched:
    """A service, its present process, and how it fared. Times are seconds of the monotonic clock."""

    service: Service
    child: Child
    started_at: float
    deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """Keeps services running until ``stop``."""

    def __init__(self, environment: Mapping[str, str], logs: Path, say: Callable[[str], None]) -> None:
        """``environment`` is what the children see, ``logs`` an existing folder, ``say`` shows one line."""
        self._environment = dict(environment)
        self._logs = logs
        self._say = say
        self._watched: list[Watched] = []
        self._guard = Guard()

    def run(self, name: str, command: tuple[str, ...], directory: Path, *, text: str = "") -> None:
        """Run a program to its end, with ``text`` as its input. Raise ChildFailed."""
        log = self._logs / f"{name}.log"
        make_private_file(log)
        with log.open("ab") as output:
            ended = subprocess.run(
                command,
                cwd=directory,
                env=self._environment,
                input=text.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                # As for services: Ctrl-C is for the supervisor, whose run() kills and reaps the child.
                start_new_session=True,
                umask=PRIVATE_UMASK,
                check=False,
            )
        if ended.returncode:
            raise ChildFailed(f"{name} failed ({how_it_ended(ended.returncode)}). See {log}.")

    def launch(self, *services: Service) -> None:
        """Start services without waiting for them. Raise ChildFailed."""
        for service in services:
            self._watched.append(Watched(service, self._spawn(service), time.monotonic()))

    def wait_until_ready(self) -> None:
        """Wait until all launched services do their work. Raise ChildFailed."""
        deadline = time.monotonic() + READY_SECONDS
        for watched in self._watched:
            while not watched.child.ready:
                self._still_starting(watched, deadline)
                time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Restart what died, after a pause that grows. One service that keeps dying ends no other."""
        for watched in self._watched:
            if watched.restart_at is not None:
                if time.monotonic() >= watched.restart_at:
                    self._restart(watched)
            elif (exit_code := watched.child.exit_code) is not None:
                self._bury(watched, exit_code)

    def pause(self, seconds: float) -> None:
        """Sleep, with an eye on the children."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, POLL_SECONDS * 4))

    def restart(self, *names: str) -> None:
        """Stop these services and start them again. Raise ChildFailed."""
        for watched in self._watched:
            if watched.service.name not in names:
                continue
            if watched.restart_at is None:
                watched.child.stop()
                self._guard.forget(watched.child.pid)
            watched.deaths = 0
            self._restart(watched)

    def stop(self) -> None:
        """End all services, the last started first."""
        while self._watched:
            child = self._watched.pop().child
            child.stop()
            self._guard.forget(child.pid)
        self._guard.close()

    def _spawn(self, service: Service) -> Child:
        log = self._logs / f"{service.name}.log"
        try:
            return Child(service, self._environment, log, self._guard.enlist)
        except OSError as error:
            raise ChildFailed(f"{service.name} could not be started: {error.strerror}.") from error

    def _still_starting(self, watched: Watched, deadline: float) -> None:
        """Raise ChildFailed when there is nothing left to wait for."""
        child = watched.child
        if (exit_code := child.exit_code) is not None:
            raise ChildFailed(
                f"{child.service.name} could not start ({how_it_ended(exit_code)}). See {child.log}."
            )
        if time.monotonic() > deadline:
            raise ChildFailed(
                f"{child.service.name} was not ready after {READY_SECONDS:.0f} s. See {child.log}."
            )

    def _bury(self, watched: Watched, exit_code: int) -> None:
        """Note a death and plan the restart. A worker that recycles itself (exit code 0) is back at once."""
        watched.child.clear()
        self._guard.forget(watched.child.pid)
        now = time.monotonic()
        lived = now - watched.started_at
        if exit_code == 0 and lived > FIRST_BACK_OFF_SECONDS:
            watched.restart_at = now
            return
        watched.deaths = 1 if lived > HEALTHY_SECONDS else watched.deaths + 1
        name, how = watched.service.name, how_it_ended(exit_code)
        wait = min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2 ** (watched.deaths - 1))
        watched.restart_at = now + wait
        self._say(f"{name} stopped ({how}). It is started again in {wait:g} s. See {watched.child.log}.")

    def _restart(self, watched: Watched) -> None:
        watched.child = self._spawn(watched.service)
        watched.started_at = time.monotonic()
        watched.restart_at = None
