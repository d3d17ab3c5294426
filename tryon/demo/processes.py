"""One child process: started in a session of its own, its output in a file, ended with all it started."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.core.private import make_private_file

STOP_SECONDS: Final = 10.0
# Whatever a child writes is for its own user.
PRIVATE_UMASK: Final = 0o077


@dataclass(frozen=True)
class Service:
    """A program that runs for as long as the demo.

    ``ready`` takes the process id and says whether the program does its work yet.
    """

    name: str
    command: tuple[str, ...]
    directory: Path
    ready: Callable[[int], bool] = field(repr=False)


class Child:
    """A running service."""

    def __init__(
        self,
        service: Service,
        environment: Mapping[str, str],
        log: Path,
        enlist: Callable[[], None] | None = None,
    ) -> None:
        """Start it. Raise OSError when the program can't be run or its log can't be written.

        ``enlist`` is called in the child's session before the program runs.
        """
        self.service = service
        self.log = log
        make_private_file(log)
        with log.open("ab") as output:
            # A session of its own: Ctrl-C at the terminal reaches the supervisor alone, which ends its
            # children in order; and whatever a child starts can be ended with it.
            self._process = subprocess.Popen(
                service.command,
                cwd=service.directory,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=PRIVATE_UMASK,
                preexec_fn=enlist,  # the demo has one thread: none holds a lock that a fork would keep
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ready(self) -> bool:
        return self.service.ready(self.pid)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; below zero when a signal ended it."""
        return self._process.poll()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask it to end, wait at most ``seconds``, then kill it and whatever it left behind."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.clear()

    def clear(self) -> None:
        """Kill what is left of its session, such as the workers of a web server whose parent died."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def how_it_ended(exit_code: int) -> str:
    """In words: ``exit code 1``, ``signal 9``."""
    return f"exit code {exit_code}" if exit_code >= 0 else f"signal {-exit_code}"
