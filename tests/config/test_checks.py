"""A wrong configuration is told at start-up."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from config.core.checks import check_pool
from config.core.secrets import read_or_create_secret
from config.databases import database_settings

ROOT = Path(__file__).resolve().parents[2]


def ids(*, deploy: bool = False) -> set[str]:
    found = run_checks(include_deployment_checks=deploy)
    return {str(message.id) for message in found if str(message.id).startswith(("core.", "tryon."))}


pytestmark = pytest.mark.django_db  # Django asks the database what it supports


def test_the_defaults_are_fine() -> None:
    assert ids() == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"FASHN_API_URL": "http://fashn.example"}, "tryon.W001"),
        ({"METRICS_TOKEN": "secret"}, "tryon.W005"),
        ({"TEST_FASHN_URL": "https://api.fashn.ai"}, "tryon.E001"),
        ({"TEST_FASHN_URL": "http://127.0.0.1:9"}, "tryon.E001"),  # where FASHN_API_URL leads
        ({"S3_ENDPOINT": "https://s3.example"}, "core.E001"),
        ({"S3_BUCKET": "b", "S3_ACCESS_KEY": "a"}, "core.E002"),
        ({"SIGNED_URL_SECONDS": 31_536_000}, "core.E003"),
    ],
)
def test_a_wrong_setting_has_an_id(settings: Settings, changes: dict[str, object], expected: str) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    assert ids() == {expected}


def test_a_pool_has_a_connection_for_each_thread_of_a_web_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEB_THREADS = 4
    for size, words in [(8, ["DB_POOL_SIZE is 8, but each web process has 9 threads."]), (9, [])]:
        pool = database_settings("postgres://shop@db.example/shop", max_age=0, pool_size=size)
        monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", pool["OPTIONS"])
        assert [message.msg for message in check_pool(None)] == words


def test_production_wants_a_key_an_address_and_no_demo(settings: Settings) -> None:
    settings.FASHN_API_KEY, settings.PUBLIC_BASE_URL, settings.DEMO_SHOP = "", "", True
    settings.TRYON_DAILY_LIMIT = 0
    assert ids(deploy=True) == {"core.W001", "tryon.W002", "tryon.W003"}
    settings.TRYON_DAILY_LIMIT = 100
    assert ids(deploy=True) == {"core.W001", "tryon.W002", "tryon.W003"}
    settings.FASHN_API_KEYS = ["", "fa-third"]
    assert ids(deploy=True) == {"core.W001", "tryon.W003"}
    settings.FASHN_API_KEY = "fa-third"
    assert ids(deploy=True) == {"core.W001", "tryon.W003", "tryon.W004"}


def test_production_wants_static_files_and_a_reachable_address(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    settings.PUBLIC_BASE_URL, settings.ALLOWED_HOSTS = "https://shop.example:8443/tryon", ["localhost"]
    settings.SECURE_SSL_REDIRECT = True
    assert ids(deploy=True) == {"core.E004", "core.E005", "core.W002"}
    settings.ALLOWED_HOSTS, settings.TRUSTED_PROXIES = [".shop.example"], 1
    assert ids(deploy=True) == {"core.E004"}


FAILS = """
import structlog
from config.core.logs import configure_logging
configure_logging(log_format="text", level="INFO")
def fail(secret):
    raise OSError("the cause")
try:
    fail("fa-" + "hidden")
except OSError:
    structlog.get_logger().exception("it_failed")
"""


def test_a_traceback_in_the_log_shows_no_variables() -> None:
    command = [sys.executable, "-c", FAILS]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "it_failed" in outcome.stderr
    assert "OSError: the cause" in outcome.stderr
    assert "fa-hidden" not in outcome.stderr


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret-key"
    first = read_or_create_secret(path)
    assert len(first) > 50
    assert read_or_create_secret(path) == first
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in path.parent.iterdir()] == ["secret-key"]


TELLS = """
import logging, structlog
from config.core.logs import configure_logging
configure_logging(log_format="{}", level="INFO")
secrets = dict.fromkeys(["authorization", "api_key", "key", "password", "token", "secret"], "fa-hidden")
structlog.get_logger().info("ours", shop="Hanbok", **secrets)
logging.getLogger("a library").info("theirs", extra={{"shop": "Hanbok", **secrets}})
structlog.contextvars.bind_contextvars(**secrets)
structlog.get_logger().info("bound", shop="Hanbok", request="GET /media/x?signature=fa-hidden")
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_fields_named_like_secrets_are_hidden_in_the_log(log_format: str) -> None:
    command = [sys.executable, "-c", TELLS.format(log_format)]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = outcome.stderr.splitlines()
    assert [word for line in lines for word in ("ours", "theirs", "bound") if word in line] == [
        "ours",
        "theirs",
        "bound",
    ]
    for line in lines:
        assert "Hanbok" in line
        assert line.count("[hidden]") == 6
        assert "fa-hidden" not in line
