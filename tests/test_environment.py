"""The suite's independence of the shell that starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import kept

ROOT = Path(__file__).resolve().parents[1]
# What a developer's shell may hold: another project's services, keys and proxies, and habits of the machine.
JUNK = {
    "REDIS_URL": "redis://redis.invalid:6379/0",
    "DATABASE_URL": "postgres://shop:secret@db.invalid/shop",
    "S3_BUCKET": "production",
    "S3_ENDPOINT": "http://s3.invalid",
    "AWS_PROFILE": "nobody",
    "AWS_DEFAULT_REGION": "mars-north-1",
    "FASHN_API_KEY": "fa-real",
    "FASHN_API_URL": "http://fashn.invalid",
    "QUEUE_MAX_RETRIES": "0",
    "TRYON_DAILY_LIMIT": "1",
    "RESULT_TTL_DAYS": "1",
    "STORAGE_LIMIT_GB": "0.000001",
    "PUBLIC_BASE_URL": "https://shop.invalid",
    "ALLOWED_HOSTS": "shop.invalid",
    "SECRET_KEY": "",
    "DEBUG": "1",
    "DEMO_SHOP": "1",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "DEBUG",
    "DJANGO_SETTINGS_MODULE": "other.settings",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "no_proxy": "",
    "SSL_CERT_FILE": "/nowhere",
    "REQUESTS_CA_BUNDLE": "/nowhere",
    "PGHOST": "db.invalid",
    "TZ": "Asia/Seoul",
    "LANG": "ko_KR",
    "LC_ALL": "ko_KR.EUC-KR",
    "PYTHONWARNINGS": "always",
    "PYTHONDONTWRITEBYTECODE": "1",
    "COLUMNS": "20",
}
# A few of each kind: settings, HTTP, a whole try-on, both stores, a process of its own, and what counts days.
SAMPLE = (
    "tests/config/test_checks.py",
    "tests/config/core/http/test_http.py",
    "tests/config/core/storage/test_storage.py",
    "tests/tryon/test_tryon.py",
    "tests/tryon/engine/test_daily_limit.py",
    "tests/tryon/fashn/test_download.py",
)


@pytest.mark.slow
@pytest.mark.rehearsal  # of the suite itself: it runs some of it again
def test_a_shell_full_of_other_settings_changes_nothing() -> None:
    here = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SAMPLE],
        cwd=ROOT,
        env={**here, **JUNK},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_test_run_knows_nothing_but_where_programs_are() -> None:
    assert kept({**JUNK, "PATH": "/bin", "COVERAGE_PROCESS_CONFIG": "x", "HOME": "/home/ada"}) == {
        "PATH": "/bin",
        "COVERAGE_PROCESS_CONFIG": "x",
    }


def test_what_the_suite_starts_with_is_its_own() -> None:
    assert not {name for name in JUNK if name.startswith(("S3_", "AWS_", "PG"))} & os.environ.keys()
    assert Path(os.environ["HOME"]).is_relative_to(os.environ["VAR_DIR"])
