"""A fresh installation for a benchmark: folder, Redis and database of its own, and no processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.postgres import fresh_database
from tryon.demo.broker import PrivateRedis

PROJECT: Final = Path(__file__).resolve().parents[2]


@contextmanager
def installation(database_url: str, **settings: str) -> Iterator[dict[str, str]]:
    """Yield the environment of its processes, with these settings too.

    The database is SQLite, or a new one on the PostgreSQL server at ``database_url``.
    """
    with ExitStack() as at_the_end:
        folder = Path(at_the_end.enter_context(tempfile.TemporaryDirectory(prefix="tryon-bench-")))
        redis = at_the_end.enter_context(PrivateRedis(folder / "redis"))
        database = at_the_end.enter_context(fresh_database(database_url)) if database_url else ""
        environment = {
            **os.environ,
            "VAR_DIR": str(folder),
            "STATIC_ROOT": str(folder / "static"),
            "REDIS_URL": redis.url,
            "DATABASE_URL": database or f"sqlite:///{folder}/db.sqlite3",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "0",
            # One key sends all that a machine can.
            "KEY_READS_PER_MINUTE": "1000000000",
            "KEY_WRITES_PER_MINUTE": "1000000000",
            **settings,
        }
        subprocess.run([*manage("migrate"), "--verbosity", "0"], cwd=PROJECT, env=environment, check=True)
        yield environment


def manage(*arguments: str) -> list[str]:
    """Return a call of manage.py."""
    return [sys.executable, "manage.py", *arguments]
