"""The folder, the port and the environment that the demo's processes get."""

import fcntl
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from config.broker import LOOPBACK
from tryon.demo.errors import PortTaken, VarNotUsable
from tryon.demo.handout import Handout

LOCK_FILE: Final = "demo.lock"
# Left out of the children's environment: a shop's own settings in the shell must never make the demo migrate
# its database, fill its bucket or spend its credits. REDIS_URL is meant to count.
NOT_PASSED_ON: Final = (
    "ALLOWED_HOSTS",
    "BEHIND_PROXY",
    "DATABASE_URL",
    "DEBUG",
    "FASHN_API_KEY",
    "FASHN_API_URL",
    "PUBLIC_BASE_URL",
    "S3_ACCESS_KEY",
    "S3_BUCKET",
    "S3_ENDPOINT",
    "S3_REGION",
    "S3_SECRET_KEY",
    "SECRET_KEY",
    "SECURE_HSTS_SECONDS",
    "SECURE_SSL_REDIRECT",
    "VAR_DIR",
)


def child_environment(
    inherited: Mapping[str, str], *, var: Path, redis_url: str, handout: Handout
) -> dict[str, str]:
    """What the children see: the inherited environment without settings, and the demo's own settings."""
    hidden = {*NOT_PASSED_ON, *(f"{name}_FILE" for name in NOT_PASSED_ON)}
    return {name: value for name, value in inherited.items() if name not in hidden} | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(var),
        "REDIS_URL": redis_url,
        "FASHN_API_URL": handout.sandbox_url,
        "FASHN_API_KEY": handout.sandbox_key,
        "DEMO_SHOP": "1",
        "LOG_FORMAT": inherited.get("LOG_FORMAT", "text"),
        # A log that is read while its process runs.
        "PYTHONUNBUFFERED": "1",
    }


def claim_var(var: Path) -> TextIO:
    """Make the folder for data and its logs, and take its lock; the lock lasts until the file is closed.

    Raises VarNotUsable.
    """
    try:
        (var / "logs").mkdir(parents=True, exist_ok=True)
        lock = (var / LOCK_FILE).open("w")
    except OSError as error:
        raise VarNotUsable(
            f"Can't write to {var}: {error.strerror}. Choose another folder with --var."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        lock.close()
        raise VarNotUsable(
            f"Another demo is running in {var}. Stop it, or choose another folder with --var."
        ) from held
    return lock


def claim_port(port: int) -> None:
    """Raises PortTaken when nothing can listen on the loopback port."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only winding down is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            raise PortTaken(
                f"Port {port} can't be used: {_reason(error)}. Choose another with --port."
            ) from error


def _reason(error: OSError | OverflowError) -> str:
    return (os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a port").lower()
