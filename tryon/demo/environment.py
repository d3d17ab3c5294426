"""The folder, the port and the environment that the demo's processes get."""

import fcntl
import os
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from config.core.private import make_private_file, make_private_folder
from tryon.demo.broker import LOOPBACK
from tryon.demo.errors import PortTaken, VarNotUsable
from tryon.demo.handout import Handout

LOCK_FILE: Final = "demo.lock"
SETTINGS_FILE: Final = "demo.env"
# Left out of the children's environment: a shop's own settings in the shell must never make the demo migrate
# its database, fill its bucket or spend its credits. REDIS_URL is meant to count.
NOT_PASSED_ON: Final = (
    "ALLOWED_HOSTS",
    "BEHIND_PROXY",
    "DATABASE_URL",
    "DEBUG",
    "JOB_DEADLINE_SECONDS",
    "LOGIN_ATTEMPTS",
    "LOGIN_LOCK_MINUTES",
    "PROXY_COUNT",
    "PUBLIC_BASE_URL",
    "RESULT_TTL_DAYS",
    "SECRET_KEY",
    "STATIC_ROOT",
    "SUBMISSION_WAIT_SECONDS",
    "TRUSTED_PROXIES",
    "VAR_DIR",
)
FAMILIES_NOT_PASSED_ON: Final = ("EVENTS_", "FASHN_", "QUEUE_", "S3_", "SECURE_", "TEST_FASHN_", "TRYON_")
# FASHN's own limits a minute and in ten seconds, which the sandbox's faster clock stretches.
FASHN_CALLS: Final = 50


def own_environment(
    *, var: Path, redis_url: str, handout: Handout, speed: float, debug: bool = False
) -> dict[str, str]:
    """Return the demo's own settings. ``speed`` is how many times faster than FASHN the sandbox works."""
    calls = str(max(1, int(FASHN_CALLS * speed)))
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(var),
        "REDIS_URL": redis_url,
        "FASHN_API_URL": handout.sandbox_url,
        "FASHN_API_KEY": handout.sandbox_key,
        "FASHN_SANDBOX_KEY": handout.sandbox_key,
        "TEST_FASHN_URL": handout.test_sandbox_url,
        "TEST_FASHN_API_KEY": handout.sandbox_key,
        "FASHN_RUN_CALLS": calls,
        "FASHN_STATUS_CALLS": calls,
        # The sandbox can call back, so pictures arrive the moment they are done.
        "PUBLIC_BASE_URL": handout.url,
        "EVENTS_URL": handout.events_url,
        "DEMO_SHOP": "1",
        "DEBUG": str(debug),
    }


def child_environment(inherited: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Return the children's environment: the inherited one without settings, and the demo's own settings."""
    return {
        **{name: value for name, value in inherited.items() if _is_passed_on(name)},
        **own,
        "LOG_FORMAT": inherited.get("LOG_FORMAT") or "text",
        # A log that is read while its process runs.
        "PYTHONUNBUFFERED": "1",
    }


def write_settings(own: Mapping[str, str], var: Path) -> None:
    """Write the demo's own settings as a shell reads them, for its owner alone. Raise OSError.

    The shell forgets what is left out of the children's environment.
    """
    names = "|".join([*(f"{family}[A-Z0-9_]*" for family in FAMILIES_NOT_PASSED_ON), *NOT_PASSED_ON])
    forget = rf"unset $(env | sed -nE 's/^(({names})(_FILE)?)=.*/\1/p')"
    draft = var / f"{SETTINGS_FILE}.new"
    draft.unlink(missing_ok=True)
    make_private_file(draft)
    told = (f"{name}={shlex.quote(value)}" for name, value in own.items())
    draft.write_text("\n".join([forget, *told, ""]))
    draft.replace(var / SETTINGS_FILE)


def _is_passed_on(name: str) -> bool:
    return name.removesuffix("_FILE") not in NOT_PASSED_ON and not name.startswith(FAMILIES_NOT_PASSED_ON)


def claim_var(var: Path) -> TextIO:
    """Make the folder for data and its logs, and take its lock; the lock lasts until the file is closed.

    Raise VarNotUsable.
    """
    try:
        make_private_folder(var / "logs")
        make_private_file(var / LOCK_FILE)
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
    """Raise PortTaken when nothing can listen on the loopback port."""
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
