"""The wall: child processes decode pictures, with limits on memory, CPU and time.

Our own pool, because the pools of libraries unpickle what their children answer, and share pipes and locks
among them: here each child has its own two pipes, and its death touches nobody else's picture.
"""

import atexit
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

from config.core.images.errors import ImageDecoderFailed, ImageRefused, ImagesBusy, ImageTimeExceeded
from config.core.images.places import place, place_count
from config.core.images.wire import read_message, write_message

logger = logging.getLogger(__name__)

ROOT: Final = Path(__file__).parents[3]
# A child is replaced after this many pictures, and the leaks of its libraries end with it.
MAX_PICTURES: Final = 200
# By the clock a picture may take this multiple of its CPU seconds, because others use the cores too.
CLOCK_FACTOR: Final = 2
END_SECONDS: Final = 5
# The child gets no secret to give away. COVERAGE_: the tests measure which lines run in it.
ENVIRONMENT: Final = ("PATH", "LANG", "LC_", "TMPDIR", "LD_LIBRARY_PATH", "PYTHON", "COVERAGE_")

# One thread of NumPy's library: each takes memory that the wall counts.
NUMPY: Final = {"OPENBLAS_NUM_THREADS": "1"}
# glibc: between pictures a child keeps the memory of an ordinary one. To ask the system for it again takes a
# tenth of the time of a 24-megapixel JPEG. Larger blocks go back at once.
MALLOC: Final = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(96 << 20)}


@dataclass(frozen=True, slots=True)
class Wall:
    """The limits of each child, and a picture's longest wait for its place. ``folder`` has the places."""

    memory_mb: int = 1024
    cpu_seconds: int = 20
    wait_seconds: float = 10
    folder: Path = Path(tempfile.gettempdir()) / "tryon-image-places"


type Answer = tuple[dict[str, Any], list[bytes]]


class Child:
    """One child process. It ends with this process, because its input ends then."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.pictures = 0
        self._expired = False
        command = [
            sys.executable, "-P", "-m", "config.core.images.child", str(wall.memory_mb), str(wall.cpu_seconds)
        ]  # fmt: skip
        # A group of its own: Ctrl-C in a terminal is for the server, which ends its children itself.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment(), process_group=0
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        return cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)

    def is_usable(self) -> bool:
        return not self._expired and self._process.poll() is None

    def ask(
        self, head: Mapping[str, Any], size: int, body: Iterable[bytes], first: IO[bytes] | None = None
    ) -> Answer:
        """Send one picture and return the answer. Raise ``ImageRefused`` when the child dies of it.

        The first piece of the answer goes to ``first``, if there is one.
        """
        self.pictures += 1
        timer = threading.Timer(self.wall.cpu_seconds * CLOCK_FACTOR, self._expire)
        timer.start()
        try:
            write_message(self.pipes[0], head, [size], body)
            return read_message(self.pipes[1], first)
        except (BrokenPipeError, EOFError, ValueError) as error:
            raise self._cause_of_death() from error
        finally:
            timer.cancel()

    def end(self) -> None:
        """End the child now, even in the middle of a picture."""
        self._process.kill()
        self._process.wait()
        for pipe in self.pipes:
            with suppress(OSError):  # what was still to be sent has nowhere to go
                pipe.close()

    def dismiss(self) -> None:
        """Let an idle child end by itself."""
        self.pipes[0].close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.end()

    def _expire(self) -> None:
        self._expired = True
        self._process.kill()

    def _cause_of_death(self) -> ImageRefused:
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:  # alive, and talking nonsense
            status = 0
        logger.warning("image_child_died", extra={"status": status, "expired": self._expired})
        if self._expired or status == -signal.SIGXCPU:
            return ImageTimeExceeded()
        return ImageDecoderFailed()


class Children:
    """This process's children. Idle children wait for the next picture."""

    def __init__(self) -> None:
        self.wall = Wall()
        self._lock = threading.Lock()
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._inherited: list[Child] = []

    def configure(self, wall: Wall) -> None:
        """Set the limits of all later pictures."""
        self.close()
        self.wall = wall

    def start(self) -> None:
        """Start a child ahead of the first picture, so that the picture need not wait for the start."""
        with suppress(ImagesBusy):  # it can't start: the next picture tries again
            if not self._idle:
                self._put_back(self._new())

    def ask(
        self, head: Mapping[str, Any], size: int, body: Iterable[bytes], first: IO[bytes] | None = None
    ) -> Answer:
        """Let a child work on one picture when a place is free.

        Raise ``ImagesBusy`` when none becomes free in time, ``ImageRefused`` when the child dies.
        """
        with place(self.wall.folder, self.wall.wait_seconds):
            child = self._take()
            try:
                answer = child.ask(head, size, body, first)
            except BaseException:  # also at a task's timeout: half an answer is left in the pipe
                self._drop(child)
                raise
            if answer[0].pop("worn", False) or child.pictures >= MAX_PICTURES:
                self._drop(child)
                self.start()
            else:
                self._put_back(child)
            return answer

    def close(self) -> None:
        """End all idle children."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._all.difference_update(idle)
        for child in idle:
            child.dismiss()

    def forget(self) -> None:
        """Leave the parent's children to the parent. Runs in a process just forked."""
        self._lock = threading.Lock()
        null = os.open(os.devnull, os.O_RDWR)
        for child in self._all:
            for pipe in child.pipes:
                os.dup2(null, pipe.fileno(), inheritable=False)
        os.close(null)
        self._inherited += self._all  # a Popen object that is collected complains of a running process
        self._idle, self._all = [], set()

    def _take(self) -> Child:
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return self._new()
            if child.is_usable():
                return child
            self._drop(child)

    def _new(self) -> Child:
        try:
            child = Child(self.wall)
        except OSError as error:  # the machine has no memory or no process left
            raise ImagesBusy from error
        with self._lock:
            self._all.add(child)
        return child

    def _put_back(self, child: Child) -> None:
        if not child.is_usable() or child.wall is not self.wall:
            self._drop(child)
            return
        with self._lock:
            self._idle.append(child)
            surplus = self._idle[place_count() :]
            del self._idle[place_count() :]
        for spare in surplus:
            self._drop(spare)

    def _drop(self, child: Child) -> None:
        with self._lock:
            self._all.discard(child)
        child.end()


CHILDREN: Final = Children()
os.register_at_fork(after_in_child=CHILDREN.forget)
atexit.register(CHILDREN.close)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT)}
    paths = filter(None, [str(ROOT), kept.get("PYTHONPATH")])
    return {**kept, **MALLOC, **NUMPY, "PYTHONPATH": os.pathsep.join(paths)}
