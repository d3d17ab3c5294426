"""The test run's own world, set up before Django reads its settings (``-p tests.environment``).

Nothing of the developer's environment gets in: a fresh folder, a private Redis, a provider that is not there
until a test starts a sandbox.
"""

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tryon.demo.broker import PrivateRedis

PREFIXES = ("S3_", "FASHN_", "QUEUE_", "RQ_", "IMAGE_")
FOLDER = Path(tempfile.mkdtemp(prefix="tryon-tests-"))

for name in [name for name in os.environ if name.startswith(PREFIXES)]:
    del os.environ[name]

(FOLDER / "static").mkdir()  # WhiteNoise warns when it is missing

world = ExitStack()
atexit.register(world.close)  # also when pytest stops before its own hooks are set up
world.callback(shutil.rmtree, FOLDER, ignore_errors=True)
redis = world.enter_context(PrivateRedis(FOLDER / "redis"))

os.environ.update(
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
