"""An installation with a database and files of its own, on which any release can play a scene."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from tests.postgres import fresh_database, private_postgres
from tryon.demo.broker import PrivateRedis
from tryon.sandbox import Sandbox

HERE: Final = Path(settings.BASE_DIR)
SCENES: Final = Path("tests", "upgrades", "scenes.py")
SECONDS: Final = 300


@dataclass
class Installation:
    """An installation: its folder, the settings of its processes, and the FASHN that it calls."""

    folder: Path
    sandbox: Sandbox
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> str:
        return self.environment["DATABASE_URL"]

    def manage(self, *arguments: str, tree: Path = HERE) -> str:
        """Run a command of a release, and return what it says."""
        return self._run(tree, "manage.py", *arguments)

    def play(self, *scenes: tuple[str, ...], tree: Path = HERE) -> Any:
        """Play scenes with a release, in one process, and return their outcomes."""
        return json.loads(self._run(tree, "-m", "tests.upgrades.scenes", json.dumps(scenes)).splitlines()[-1])

    def runs(self) -> int:
        """Return the number of predictions that FASHN was paid for."""
        number: int = self.sandbox.ledger()["requests"].get("run", 0)
        return number

    def _run(self, tree: Path, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tree,
            env={**self.environment, "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout


@contextmanager
def installed(folder: Path, kind: str) -> Iterator[Installation]:
    """Make an installation without tables, on a database of this kind."""
    with ExitStack() as stack:
        (folder / "static").mkdir(parents=True)
        sandbox = stack.enter_context(Sandbox(speed=500))
        sandbox.configure(plainPictures=True)
        redis = stack.enter_context(PrivateRedis(folder / "redis"))
        database = f"sqlite:///{folder}/db.sqlite3"
        if kind == "postgres":
            database = stack.enter_context(fresh_database(stack.enter_context(private_postgres())))
        made = Installation(folder, sandbox)
        made.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database,
            "REDIS_URL": redis.url,
            "SECRET_KEY": "for tests only",
            "ALLOWED_HOSTS": "testserver",
            "FASHN_API_URL": sandbox.url,
            "FASHN_API_KEY": sandbox.api_key,
            "LOG_LEVEL": "ERROR",
        }
        yield made


def previous_release(commit: str, folder: Path) -> Path | None:
    """Unpack the release before. Return its folder, None if this clone has no history that far back."""
    if shutil.which("git") is None:
        return None
    packed = subprocess.run(["git", "archive", commit], cwd=HERE, capture_output=True, check=False)
    if packed.returncode:
        return None
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    # The scenes are of today: they use what both releases have.
    (folder / SCENES).parent.mkdir(exist_ok=True)
    shutil.copy(HERE / SCENES, folder / SCENES)
    return folder
