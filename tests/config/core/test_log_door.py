"""The door of the log: no token, key or signature gets out, and no control character gets to a terminal."""

import ast
import json
import logging
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import override
from urllib.parse import urlsplit

import pytest
import requests
import structlog
from django.core.files.storage import default_storage
from django.test import Client, RequestFactory
from django.test.client import ClientHandler
from pytest_django import Settings

from config.core.logs import formatter_of
from config.core.redaction import REDACTOR, printable
from tests.installation.servers import nginx, wait_for
from tests.log_watch import LogWatch
from tests.settings_read import SETTINGS, settings_read
from tests.waiting import LONGEST_SECONDS
from tryon.demo.broker import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "Qx7_" + "aB3-" * 10
SIGNATURE = "0123456789abcdef" * 4
PASSWORD = "hidden" + "-password"  # not as one word: a page about an error shows this file


class Lines(logging.Handler):
    """Keeps each record as a line of the log."""

    def __init__(self, log_format: str) -> None:
        super().__init__()
        self.written: list[str] = []
        self.setFormatter(formatter_of(log_format))

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))


@contextmanager
def logged(log_format: str = "json", level: int = logging.INFO) -> Iterator[list[str]]:
    """Yield the lines that the block logs."""
    handler, root = Lines(log_format), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield handler.written
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


@pytest.mark.parametrize(
    "text",
    [
        f"POST /api/tryon/webhooks/fashn/{TOKEN}",
        f"/api/tryon/webhooks/fashn//{TOKEN}/",
        f"Internal Server Error: /api/tryon/webhooks/fashn/{TOKEN}",
        f"https://shop.example/api/tryon/webhooks/fashn/{TOKEN}?a=b",
        "/api/tryon/webhooks/fashn/short",
        f"/media/models/ab/x.jpg?expires=1&signature={SIGNATURE}",
        f"/admin/login/?next=/media/x.jpg%3Fexpires%3D1%26signature%3D{SIGNATURE}",
        f"GET https://s3.example/b/k?X-Amz-Credential=AKIA&X-Amz-Signature={SIGNATURE}&X-Amz-Expires=9",
        f"x-amz-signature={SIGNATURE}",
        "redis://user:pass@word@host:1/0 can't be reached",
        "postgres://u:12/34@db/shop",
        f"Authorization: Api-Key tos_{TOKEN}",
        "{'Authorization': 'Basic dXNlcjpwYXNz'}",
        f"tos_{TOKEN} is not known",
        "Bearer fa-0123456789abcdef",
        "fa-0123456789abcdef01",
        "/a/tos_0123456789abcdef",
        "whsec_0123456789abcdef+AKIA/word=",
        "Cookie: sessionid=abcdefgh; csrftoken=ijkl",
        f"the callback {TOKEN} came",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    hidden = REDACTOR.text(text)
    assert "[hidden]" in hidden
    for secret in (TOKEN, SIGNATURE, "word", "12/34", "dXNlcjpwYXNz", "abcdefgh", "0123456789abcdef", "AKIA"):
        assert secret not in hidden
    assert json.loads(json.dumps(hidden)) == REDACTOR.text(hidden)  # once is enough


@pytest.mark.parametrize("part", ["://x:", "a:", "://", "a", "-", "cookie", "/webhooks/", " key=", "%3F"])
def test_a_long_line_of_a_stranger_is_little_work(part: str) -> None:
    """With a pattern that looks back again and again, this takes hours."""
    text = "://" + part * (200_000 // len(part))
    assert REDACTOR.text(text)[:3] == "://"


@pytest.mark.parametrize(
    "text",
    [
        "/api/tryon/jobs/0b6f4c1e-7f0e-4b3c-9d57-0d6a5a3f6f0e",
        "products/ab/ab0123456789abcdef0123456789abcd.jpg",
        "django.core.exceptions.ImproperlyConfigured: S3_BUCKET must be the bucket's name.",
        "test_a_very_long_name_of_a_test_in_snake_case_2026",
        "http://127.0.0.1:8000/healthz",
        "the key of a cache, a token of thanks",
        '  File "/srv/tryon/engine/advance.py", line 41, in advance',
    ],
)
def test_what_helps_an_operator_stays(text: str) -> None:
    assert REDACTOR.text(text) == text


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_secrets_are_hidden_in_every_field_and_in_tracebacks(log_format: str) -> None:
    address = f"https://s3.example/k?X-Amz-Signature={SIGNATURE}"
    with logged(log_format) as lines:
        logger = structlog.stdlib.get_logger("ours")
        nested = {"token": TOKEN, "at": (address, Path(f"/webhooks/x/{TOKEN}"))}
        logger.info("nested", urls=[address], more=nested)
        try:
            raise OSError(f"no answer from {address}")
        except OSError:
            logger.exception("failed")
            logging.getLogger("theirs").exception("failed at %s", address)
    assert len(lines) == 3
    assert all("[hidden]" in line and TOKEN not in line and SIGNATURE not in line for line in lines)
    assert sum("OSError: no answer from https://s3.example/k?" in line for line in lines) == 2


def test_the_values_of_settings_are_hidden_wherever_they_stand(settings: Settings) -> None:
    with logged() as lines:
        logging.getLogger("theirs").warning("sent %s and %s", settings.SECRET_KEY, settings.FASHN_API_KEY)
    assert json.loads(lines[0])["event"] == "sent [hidden] and [hidden]"


@pytest.mark.django_db
def test_the_line_about_a_fault_of_ours_has_no_token(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django writes the path of each 500."""

    def broken(_token: str) -> bool:
        raise RuntimeError(f"at /webhooks/fashn/{TOKEN}")

    monkeypatch.setattr("tryon.api.operations.is_callback_token", broken)
    client.raise_request_exception = False
    with logged() as lines:
        answer = client.post(f"/api/tryon/webhooks/fashn/{TOKEN}", {}, content_type="application/json")
    assert answer.status_code == 500
    assert any("Internal Server Error: /api/tryon/webhooks/fashn/[hidden]" in line for line in lines)
    assert not any(TOKEN in line for line in lines)


@pytest.mark.django_db
def test_the_page_about_an_error_shows_no_password_of_an_address(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With DEBUG, Django shows all settings, and hides them by their names."""

    def broken() -> str:
        raise RuntimeError

    monkeypatch.setattr("config.core.http.health.storage_state", broken)
    settings.DEBUG = True
    settings.RQ_QUEUES = {"tryon": {"URL": f"redis://:{PASSWORD}@host/0"}}
    client.raise_request_exception = False
    page = client.get("/readyz")
    assert page.status_code == 500
    assert "redis://[hidden]@host/0" in page.content.decode()
    assert PASSWORD not in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_a_request_that_goes_astray_leaves_no_secret(settings: Settings, level: int) -> None:
    settings.SECURE_SSL_REDIRECT = True
    url = default_storage.url("results/00/00000000000000000000000000000000.png")
    signature = url.rpartition("=")[2]
    with logged("text", level) as lines:
        for path in (f"/api/tryon/webhooks/fashn/{TOKEN}/", f"/api/tryon/webhooks/fashn/{TOKEN}", url):
            for secure in (True, False):
                for host in ("localhost", "other.example"):
                    request = RequestFactory().post(path, headers={"host": host}, secure=secure)
                    ClientHandler()(request.environ)
    assert len(lines) >= 12
    assert not any(TOKEN in line or signature in line for line in lines)


@pytest.mark.django_db
def test_control_characters_reach_neither_log(client: Client) -> None:
    path = "/no/%1B%5B31mred%0Aforged/%C2%9B%E2%80%AE"
    with logged("text") as text, logged("json") as as_json:
        client.get(path)
        logging.getLogger("theirs").warning("odd \x1b[2J name\r\nforged %s", "\x07")
        structlog.stdlib.get_logger("ours").info("odd\x1b]0;title\x07", **{"na\x1bme": "\ud800"})
    assert len(text) == len(as_json) == 3
    for line in [*text, *as_json]:
        assert line.isprintable(), ascii(line)
    assert "\\x1b[31mred\\nforged" in text[0]


def test_a_traceback_keeps_its_lines_and_loses_its_escapes() -> None:
    with logged("text") as lines:
        try:
            raise OSError("clear \x1b[2J screen")
        except OSError:
            structlog.stdlib.get_logger("ours").exception("failed")
    assert len(lines[0].splitlines()) > 3
    assert "clear \\x1b[2J screen" in lines[0]
    assert "\x1b" not in lines[0]


@pytest.mark.parametrize("text", ["한복 🧥 Ünïcode", "tab\tand\nline"])
def test_words_of_all_languages_are_printable(text: str) -> None:
    assert printable(text, lines=True) == text


def test_a_leak_is_noticed(monkeypatch: pytest.MonkeyPatch, log_has_no_secrets: LogWatch) -> None:
    watch = LogWatch()
    watch.keep(TOKEN)
    record = logging.LogRecord("x", logging.INFO, __file__, 1, f"prefix_{TOKEN}.", None, None)
    watch.emit(record)
    assert watch.leaks == []
    monkeypatch.setattr(watch, "_formatters", [logging.Formatter()])
    watch.emit(record)
    assert watch.leaks == [f"prefix_{TOKEN}."]
    made = secrets.token_urlsafe(32)
    assert log_has_no_secrets.secrets_in(f"x{made}y") == {made}


@pytest.mark.slow
def test_the_lines_of_the_server_pass_the_door_too(tmp_path: Path) -> None:
    """Granian writes each path to a log of its own, where that is turned on."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", LOOPBACK, "--port", str(port),
        "--access-log", "--access-log-fmt", "%(method)s %(path)s?%(query_string)s %(status)d",
        "config.asgi:application",
    ]  # fmt: skip
    log = tmp_path / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process,
    ):
        try:
            address = f"http://{LOOPBACK}:{port}"
            wait_for(f"{address}/healthz")
            for path in (f"/api/tryon/webhooks/fashn/{TOKEN}", f"/media/x.jpg?signature={SIGNATURE}"):
                requests.post(address + path, timeout=LONGEST_SECONDS)
                requests.get(f"{address}{urlsplit(path).path}/{TOKEN}", timeout=LONGEST_SECONDS)
        finally:
            process.terminate()
    written = log.read_text()
    assert "POST /api/tryon/webhooks/fashn/[hidden]" in written
    assert "/media/x.jpg?signature=[hidden]" in written
    assert TOKEN not in written
    assert SIGNATURE not in written


# A developer's machine may be without. .ci/run installs it.
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_the_proxy_of_compose_writes_no_secret(tmp_path: Path) -> None:
    port = free_port()
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    for theirs, ours in (
        ("server web:8000;", f"server {LOOPBACK}:9;"),  # nobody: nginx has an error to write about, too
        ("server events:8001;", f"server {LOOPBACK}:9;"),
        ("listen 80;", f"listen {LOOPBACK}:{port};"),
        ("/dev/stdout", f"{tmp_path}/access.log"),
        ("/dev/stderr", f"{tmp_path}/error.log"),
    ):
        assert theirs in site
        site = site.replace(theirs, ours)
    with nginx(tmp_path / "nginx", site):
        address = f"http://{LOOPBACK}:{port}"
        wait_for(address)
        for path in (
            f"/media/a.jpg?expires=1&signature={SIGNATURE}",
            f"/events/jobs/a?ticket={TOKEN}",
            f"/api/tryon/webhooks/fashn/{TOKEN}",
            f"/api/tryon/webhooks/fashn//{TOKEN}/?a={TOKEN}",
        ):
            requests.post(address + path, timeout=LONGEST_SECONDS)
    written = "".join(path.read_text() for path in tmp_path.rglob("*.log"))
    assert '"POST /api/tryon/webhooks/fashn/[hidden]" 502' in written
    assert '"POST /media/a.jpg" 502' in written
    assert TOKEN not in written
    assert SIGNATURE not in written


def test_every_secret_among_the_settings_is_told_to_the_log() -> None:
    [told] = [
        {part.id for part in ast.walk(keyword.value) if isinstance(part, ast.Name)}
        for node in ast.walk(ast.parse((SETTINGS / "logs.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "configure_logging"
        for keyword in node.keywords
        if keyword.arg == "secrets"
    ]
    secret = re.compile(r"(?<!ACCESS)_(KEYS?|TOKEN|PASSWORD|WEBHOOK_URL)$")  # an access key is a name
    names = {setting.name for setting in settings_read() if secret.search(setting.name)}
    assert len(names) > 4
    assert names - told == set()
