"""The doctor: what an owner learns from ``manage.py doctor``, and that each ailment is found."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import django_rq
import pytest
import requests
from django.core import signing
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from rq.cron import CronScheduler

from config.core.doctor import public
from config.shops.keys import key_issue
from tests.redis_servers import fill
from tests.tryon.fashn.loopback import Handler, Loopback
from tests.waiting import LONGEST_SECONDS
from tests.worker import QuietWorker
from tryon.demo.broker import PrivateRedis
from tryon.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "http://127.0.0.1:9"


def doctor() -> tuple[int, list[dict[str, str]]]:
    """Return the exit code and the findings of the command."""
    said, code = StringIO(), 0
    try:
        call_command("doctor", json=True, stdout=said)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, json.loads(said.getvalue())


def faults() -> dict[str, str]:
    """Return what the doctor says about each subject that has an error."""
    code, found = doctor()
    told = {finding["subject"]: finding["advice"] for finding in found if finding["state"] == "error"}
    assert code == (1 if told else 0)
    return told


def start_workers() -> None:
    """Register a worker of each queue and a clock, as they do at their start."""
    for name in ("tryon", "maintenance"):
        worker: Any = QuietWorker([django_rq.get_queue(name)], connection=django_rq.get_connection(name))
        worker.register_birth()
    CronScheduler(connection=django_rq.get_connection("tryon")).register_birth()


@pytest.fixture
def shop(live_server: LiveServer, sandbox: Sandbox, settings: Settings, plain_static_files: None) -> Settings:
    """An installation in which all is well, with everything that the doctor calls."""
    settings.PUBLIC_BASE_URL = live_server.url
    settings.SECRET_KEY = "a secret key of the test, " * 3
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    start_workers()
    return settings


@contextmanager
def proxy_before(
    shop: Settings, headers: Mapping[str, str], *, status: int = 200, web_key: str = ""
) -> Iterator[None]:
    """A proxy at PUBLIC_BASE_URL that passes the host on, and adds these headers.

    The web process behind it answers the doctor with this status, and has ``web_key`` for FASHN.
    """
    web = shop.PUBLIC_BASE_URL

    def pass_on(handler: Handler) -> None:
        told = {"X-Forwarded-Host": handler.headers["Host"], "Host": handler.headers["Host"], **headers}
        key, shop.FASHN_API_KEY = shop.FASHN_API_KEY, web_key or shop.FASHN_API_KEY
        answer = requests.get(f"{web}{handler.path}", headers=told, timeout=LONGEST_SECONDS)
        shop.FASHN_API_KEY = key
        handler.send_response(status if "/doctor/" in handler.path else answer.status_code)
        handler.send_header("Content-Length", str(len(answer.content)))
        handler.end_headers()
        handler.wfile.write(answer.content)

    with Loopback() as proxy:
        proxy.answers(pass_on)
        shop.PUBLIC_BASE_URL = proxy.url
        yield


def test_a_shop_in_which_all_is_well(shop: Settings, sandbox: Sandbox) -> None:
    code, found = doctor()
    assert [finding for finding in found if finding["state"] != "ok"] == []
    assert code == 0
    assert {finding["subject"] for finding in found} == {
        "Database", "Clock", "Redis", "Static files", "Settings", "Storage", "Public address", "Proxy",
        "Shared settings", "Workers", "Accounts at FASHN", "FASHN",
    }  # fmt: skip
    address = next(finding for finding in found if finding["subject"] == "Public address")
    assert address["advice"].startswith("Only this machine reaches the service.")
    said = StringIO()
    call_command("doctor", stdout=said, no_color=True)
    assert f"ok       FASHN ({sandbox.credits()['total']:,})" in said.getvalue()


def refuse_key(shop: Settings, sandbox: Sandbox) -> None:
    shop.FASHN_API_KEY = "fa-another"


def spend_all(shop: Settings, sandbox: Sandbox) -> None:
    sandbox.set_credits(0)


def lose_fashn(shop: Settings, sandbox: Sandbox) -> None:
    shop.FASHN_API_URL = NOBODY


def forget_key(shop: Settings, sandbox: Sandbox) -> None:
    shop.FASHN_API_KEY = ""


def forget_static_files(shop: Settings, sandbox: Sandbox) -> None:
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    shop.STORAGES = {**shop.STORAGES, "staticfiles": manifest}


def forget_the_host(shop: Settings, sandbox: Sandbox) -> None:
    shop.ALLOWED_HOSTS = ["shop.example"]


def lead_nowhere(shop: Settings, sandbox: Sandbox) -> None:
    shop.PUBLIC_BASE_URL = NOBODY


def forget_the_certificate(shop: Settings, sandbox: Sandbox) -> None:
    shop.PUBLIC_BASE_URL = shop.PUBLIC_BASE_URL.replace("http://", "https://")


def lead_elsewhere(shop: Settings, sandbox: Sandbox) -> None:
    shop.PUBLIC_BASE_URL = sandbox.url


def give_a_worker_another_key(shop: Settings, sandbox: Sandbox) -> None:
    key, shop.FASHN_API_KEY = shop.FASHN_API_KEY, "fa-another"
    start_workers()
    shop.FASHN_API_KEY = key


@pytest.mark.slow  # half a second each, and there are many
@pytest.mark.parametrize(
    ("ail", "expected"),
    [
        (refuse_key, {"FASHN": "does not accept the key", "Workers": "differ from this process"}),
        (spend_all, {"FASHN": "Buy credits"}),
        (lose_fashn, {"FASHN": "FASHN_API_URL", "Workers": "differ from this process"}),
        (forget_key, {"FASHN": "Set FASHN_API_KEY", "Workers": "differ from this process"}),
        (forget_static_files, {"Static files": "collectstatic"}),
        (
            forget_the_host,
            {"Settings": "ALLOWED_HOSTS", "Proxy": "Pass the host on"},
        ),
        (lead_nowhere, {"Public address": "Nothing answers", "Storage": "web process"}),
        (forget_the_certificate, {"Public address": "certificate", "Storage": "web process"}),
        (lead_elsewhere, {"Public address": "Something else answers", "Storage": "web process"}),
        (give_a_worker_another_key, {"Workers": "differ from this process"}),
    ],
)
def test_each_ailment_is_found_and_says_what_to_do(
    shop: Settings, sandbox: Sandbox, ail: Callable[[Settings, Sandbox], None], expected: dict[str, str]
) -> None:
    ail(shop, sandbox)
    told = faults()
    assert told.keys() == expected.keys()
    assert all(words in told[subject] for subject, words in expected.items()), told


@pytest.mark.slow  # as above
def test_what_test_keys_miss_is_a_warning(shop: Settings, sandbox_of_tests: Sandbox) -> None:
    def says() -> str:
        said = StringIO()
        with suppress(SystemExit):
            call_command("doctor", stdout=said, no_color=True)
        return said.getvalue()

    assert "ok       Test keys (10,000)" in says()
    shop.TEST_FASHN_API_KEY = "fa-another"
    assert "warning  Test keys (Unauthorized)" in says()
    shop.TEST_FASHN_URL = ""
    assert "Test keys" not in says()
    key_issue(name="Test", is_test=True)
    assert "warning  Test keys (TEST_FASHN_URL)" in says()


def test_tables_of_an_older_release_are_found(shop: Settings) -> None:
    recorder = MigrationRecorder(connection)
    latest = recorder.migration_qs.filter(app="upkeep").latest("id").name
    recorder.record_unapplied("upkeep", latest)
    try:
        told = faults()
    finally:
        recorder.record_applied("upkeep", latest)
    assert told.keys() == {"Database"}
    assert "manage.py migrate" in told["Database"]


def test_without_redis_nothing_is_said_about_workers(shop: Settings, redis_away: None) -> None:
    told = faults()
    assert told.keys() == {"Redis"}


def test_a_redis_that_answers_and_takes_nothing_is_found(
    shop: Settings, redis_away: None, tmp_path: Path
) -> None:
    with PrivateRedis(tmp_path) as full:
        fill(full.url)
        shop.REDIS_URL = full.url
        assert "memory" in faults()["Redis"]


def test_missing_processes_are_named(shop: Settings) -> None:
    django_rq.get_connection("tryon").flushdb()
    _code, found = doctor()
    assert [finding["fact"] for finding in found if finding["subject"] == "Workers"] == [
        "maintenance",
        "tryon",
        "cron",
    ]


def test_without_a_database_the_doctor_still_speaks(
    db: None, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise OperationalError("s3cr3t")

    monkeypatch.setattr(connection, "cursor", away)
    code, found = doctor()
    assert code == 1
    assert ("Database", "error") in {(finding["subject"], finding["state"]) for finding in found}
    assert ("FASHN", "ok") in {(finding["subject"], finding["state"]) for finding in found}
    assert "s3cr3t" not in str(found)


@pytest.mark.slow  # half a second each, and there are many
@pytest.mark.parametrize(
    ("headers", "count", "words"),
    [
        ({"X-Forwarded-For": "203.0.113.7"}, 0, "TRUSTED_PROXIES=1"),
        ({}, 1, "TRUSTED_PROXIES=0"),
        ({"X-Forwarded-For": "203.0.113.7, 10.0.0.2"}, 1, "TRUSTED_PROXIES=2"),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}, 1, "X-Forwarded-Proto"),
        ({"X-Forwarded-Host": "localhost", "X-Forwarded-For": "203.0.113.7"}, 1, "X-Forwarded-Host"),
    ],
)
def test_a_proxy_that_does_not_fit_the_settings_is_found(
    shop: Settings, headers: dict[str, str], count: int, words: str
) -> None:
    shop.TRUSTED_PROXIES, shop.USE_X_FORWARDED_HOST = count, bool(count)
    shop.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    with proxy_before(shop, headers):
        assert words in faults()["Proxy"]


def test_a_web_process_with_another_secret_key_is_found(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def token() -> str:
        return signing.TimestampSigner(key="another", salt=public.SALT).sign("1")

    monkeypatch.setattr(public, "_token", token)
    assert "SECRET_KEY" in faults()["Shared settings"]


def test_a_web_process_with_another_key_for_fashn_is_found(shop: Settings) -> None:
    with proxy_before(shop, {}, web_key="fa-another"):
        told = faults()
    assert told.keys() == {"Shared settings"}


@pytest.mark.slow  # half a second each, and there are many
@pytest.mark.parametrize(("status", "words"), [(301, "TRUSTED_PROXIES=1"), (502, "Look at its log")])
def test_a_web_process_that_does_not_show_the_page_is_found(shop: Settings, status: int, words: str) -> None:
    with proxy_before(shop, {}, status=status):
        told = faults()
    assert told.keys() == {"Proxy"}
    assert words in told["Proxy"]
