"""The test run's own world, set up before Django reads its settings (``-p tests.environment``).

Nothing of the developer's environment gets in: a fresh folder, a private Redis, a provider that is not there
until a test starts a sandbox. Of the variables only those in ``KEPT`` stay, for this process and for every
process that a test starts.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from config.core.redis import addresses
from tests.waiting import LONGEST_SECONDS
from tryon.demo.broker import PrivateRedis

# Where programs and temporary files are, how a terminal looks, and what pytest's own tools tell each other.
# Not HOME: a ~/.netrc or ~/.aws in it would be read.
KEPT = (
    "PATH",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "TERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "BUILD_NUMBER",
    "TEST_DATABASE_URL",
)
KEPT_PREFIXES = ("PYTEST_", "COV_CORE_", "COVERAGE_")


def kept(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a test run may know of the environment that it was started in."""
    return {
        name: value for name, value in environment.items() if name in KEPT or name.startswith(KEPT_PREFIXES)
    }


FOLDER = Path(tempfile.mkdtemp(prefix="tryon-tests-"))
(FOLDER / "home").mkdir()
(FOLDER / "static").mkdir()  # WhiteNoise warns when it is missing

# On a busy machine Redis may stand still for a second or two, and is not away for that. Settings read these.
for name in ("CONNECT_SECONDS", "ANSWER_SECONDS", "CACHE_SECONDS"):
    setattr(addresses, name, LONGEST_SECONDS)

world = ExitStack()
atexit.register(world.close)  # also when pytest stops before its own hooks are set up
world.callback(shutil.rmtree, FOLDER, ignore_errors=True)

environment = kept(os.environ)
os.environ.clear()
os.environ.update(environment)
redis = world.enter_context(PrivateRedis(FOLDER / "redis"))

os.environ.update(
    HOME=str(FOLDER / "home"),
    LANG="C.UTF-8",
    VAR_DIR=str(FOLDER),
    # Runs side by side would remove each other's old folders, and warn.
    PYTEST_DEBUG_TEMPROOT=str(FOLDER),
    REDIS_URL=redis.url,
    # A file: the live server would share the connection of a database in memory, and close it.
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL", f"sqlite:///{FOLDER}/db.sqlite3"),
    SECRET_KEY="for tests only",
    DEBUG="0",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    PUBLIC_BASE_URL="",
    DEMO_SHOP="0",
    FASHN_API_URL="http://127.0.0.1:9",  # the discard port: a test that forgot its sandbox is refused
    FASHN_API_KEY="fa-test-key",
    LOG_LEVEL="WARNING",
)


def pytest_report_header() -> str:
    """Say which database the suite runs on."""
    return f"database: {os.environ['DATABASE_URL'].partition(':')[0]}"
