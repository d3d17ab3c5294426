"""A setting that can't be used stops the start with one line that names it and repeats no secret."""

import json
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from config import env
from config.core.redis.addresses import AddressUnreadable, check_address, connect, sentinel_address
from config.databases import database_settings
from tests.settings_read import ROOT, SettingRead, settings_now, settings_read
from tests.waiting import LONGEST_SECONDS

BAD = {
    "number": ["s3cr3t", "-5", "nan", "inf", "1e400", "99999999999", "1,5", "0x10", "½", "1 2", "1" * 5000],
    "secrets_of_places": [
        *("s3cr3t,s3cr3t", "s3cr3t, a ,a", "s3cr3t,live-2=a", "live-1=s3cr3t"),
        *("live-3=s3cr3t,live-2=a,b", "live-4=s3cr3t,s3cr3t"),
    ],
    "flag": ["s3cr3t", "maybe", "2", "-1", "truee", "None"],
    "choice": ["s3cr3t", "loud", "0", "json,text", "INFO WARNING"],
    "folder": ["s3cr3t folder", "../up", "a//b", "a/../b", ".", "ä"],
    "web_address": [
        "shop.example",
        "//shop.example",
        "ftp://shop.example",
        "https://",
        "https://s3cr3t@shop.example",
        "https://shop.example:port",
        "https://shop.example:99999",
        "https://shop.example?a=b",
        "https://shop.example/#a",
        "https://shop example",
        "https://shop.example/a b",
        "https://shop.example/a//b",
        "https://shop.example/%61",
        "https://[::1",
        "https://shop.example; img-src *",
    ],
    "host_names": [
        "https://shop.example",
        "shop.example:8000",
        "shop.example/tryon",
        "shop example",
        "a,*.b",
    ],
    "places": ["pim.internal", "http://pim.internal:80", "pim:80/a", "s3cr3t@pim:80", "pim:port", "*:80"],
    "emails": ["s3cr3t", "a@b, s3cr3t", "@shop.example", "a b@shop.example"],
    "webhook": [
        "hooks.example/s3cr3t",
        "ftp://hooks.example/s3cr3t",
        "https://a:s3cr3t@hooks.example",
        "https://h/#a",
    ],
    "redis_address": ["s3cr3t", "http://s3cr3t"],
    "hours": ["s3cr3t", "22-7", "25:00-07:00", "22:00-07:00 Mars/Base", "22:00"],
    "bucket": ["s3://s3cr3t", "shop/s3cr3t", "https://s3cr3t", "a", "shop s3cr3t", "arn:aws:s3:::s3cr3t"],
    "region": ["s3cr3t_1", "https://s3cr3t", "eu central 1", "x"],
    "secret": ["s3cr\n3t"],
    "text": ["s3cr3t\nof two lines", "s3cr\x1b[31m3t", "s3cr\r3t"],
}
ALL = settings_read()
BAD_VALUES = [(setting, value) for setting in ALL for value in BAD[setting.reader]]


def refusal(**environment: str) -> ImproperlyConfigured:
    """Return the error that config/settings raises in this environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(ImproperlyConfigured) as caught:
            settings_now()
    return caught.value


@pytest.mark.parametrize(("setting", "value"), BAD_VALUES, ids=lambda part: str(part)[:30])
def test_a_value_that_is_not_allowed_is_refused_by_name(setting: SettingRead, value: str) -> None:
    error = refusal(**{setting.name: value})
    assert re.fullmatch(rf"{setting.name} must be [^\n]+\.", str(error))
    assert "s3cr3t" not in str(error)
    assert "Error" not in printed(error)  # no chained ValueError, which quotes the value


@pytest.mark.parametrize(
    "setting", [setting for setting in ALL if setting.reader == "number"], ids=lambda part: str(part)
)
def test_a_number_below_the_least_is_refused(setting: SettingRead) -> None:
    assert setting.least is not None
    error = refusal(**{setting.name: str(setting.least - 1)})
    assert f"{setting.name} must be a" in str(error)
    assert f"number from {setting.least} to " in str(error)


def test_a_fraction_is_no_whole_number() -> None:
    assert str(refusal(QUEUE_CONCURRENCY="1.5")).startswith(
        "QUEUE_CONCURRENCY must be a whole number from 1 to"
    )


def test_one_address_says_where_the_service_lies(tmp_path: Path) -> None:
    below = loaded(
        tmp_path, without=["ALLOWED_HOSTS"], PUBLIC_BASE_URL="https://shop.example:8443/studio/tryon/"
    )
    assert below["CSRF_TRUSTED_ORIGINS"] == ["https://shop.example:8443"]
    assert below["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]", "shop.example"]
    assert below["STATIC_URL"] == "/studio/tryon/static/"
    assert below["SESSION_COOKIE_PATH"] == "/studio/tryon/"
    plain = loaded(tmp_path, without=["ALLOWED_HOSTS"], PUBLIC_BASE_URL="https://[2001:db8::1]")
    assert plain["ALLOWED_HOSTS"][3:] == ["[2001:db8::1]"]
    assert (plain["FORCE_SCRIPT_NAME"], plain["STATIC_URL"]) == (None, "/static/")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://u:s3cr@3t/word@host:notaport/db"),
        ("DATABASE_URL", "postgres://u:s3cr/3t@host/db"),
        ("DATABASE_URL", "postgres://u:12?s3cr3t@host/db"),
        ("DATABASE_URL", "postgres://u:12#s3cr3t@host/db"),
        ("DATABASE_URL", "postgres://u:s3cr 3t@host/db"),
        ("DATABASE_URL", "postgres://u:password@host:s3cr3t/db"),
        ("DATABASE_URL", "s3cr3t://u:password@host/db"),
        ("DATABASE_URL", "mysql://u:s3cr3t@host/db"),
        ("DATABASE_URL", "sqlite://u:s3cr3t@host/db"),
        ("DATABASE_URL", "s3cr3t"),
        ("REDIS_URL", "redis://:s3cr%3t@host:port/0"),
        ("REDIS_URL", "redis://:s3cr/3t@host"),
        ("REDIS_URL", "redis://:s3cr[3t@host"),
        ("REDIS_URL", "redis://:s3cr℀3t@host"),
        ("REDIS_URL", "redis://:12?s3cr3t@host"),
        ("REDIS_URL", "redis://:12?s3cr=3t@host"),
        ("REDIS_URL", "redis://:12#s3cr3t@host"),
        ("REDIS_URL", "redis://:12/s3cr3t@host"),
        ("REDIS_URL", "redis://host?socket_timeout=s3cr3t"),
        ("REDIS_URL", "redis://host/s3cr3t"),
        ("REDIS_URL", "s3cr3t"),
        ("REDIS_URL", "unix://s3cr3t"),
        ("REDIS_URL", "redis+sentinel://:s3cr/3t@host/main"),
        ("REDIS_URL", "redis+sentinel://:s3cr[3t@:1/main"),
        ("REDIS_URL", "redis+sentinel://host:s3cr3t/main"),
        ("REDIS_URL", "redis+sentinel://host/main/s3cr3t"),
        ("REDIS_URL", "redis+sentinel://host/main?s3cr=3t"),
    ],
)
def test_a_broken_address_is_refused_without_any_part_of_it(name: str, value: str) -> None:
    error = refusal(**{name: value})
    assert re.fullmatch(rf"{name} must [^\n]+\.", str(error))
    assert not re.search("s3cr|3t", printed(error))


# Every character that means something in an address, and some that Python takes for another or drops.
PASSWORDS = st.text(st.sampled_from("ab12:/?#[]@%&=+, ;\n\té²℀"), min_size=1)


@given(PASSWORDS)
def test_a_password_is_read_as_it_stands_or_refused(password: str) -> None:
    with suppress(ImproperlyConfigured):
        database = database_settings(f"postgres://u:{password}@host:1/db", max_age=0, pool_size=0)
        assert database["HOST"] == "host"
        assert unquote(database["PASSWORD"]) == unquote(password)
    with suppress(AddressUnreadable):
        kwargs = connect(check_address(f"redis://u:{password}@host:1/2")).connection_pool.connection_kwargs
        assert (kwargs["host"], kwargs["password"], kwargs["db"]) == ("host", unquote(password), 2)
    with suppress(AddressUnreadable):
        address = sentinel_address(f"redis+sentinel://u:{password}@host:1/main")
        assert (address.hosts, address.password) == ((("host", 1),), unquote(password))


@pytest.mark.parametrize("value", ["QUEUE_CONCURRENCY=s3cr3t", "DATABASE_URL=postgres://u:s3cr/3t@host/db"])
def test_a_command_says_it_in_one_line(tmp_path: Path, value: str) -> None:
    name, _, value = value.partition("=")
    outcome = run("manage.py", "check", VAR_DIR=str(tmp_path), **{name: value})
    assert outcome.returncode == 1
    assert re.fullmatch(rf"{name} must [^\n]+\n", outcome.stderr)
    assert not re.search("s3cr|3t", outcome.stdout + outcome.stderr)


def test_a_fault_outside_the_settings_keeps_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("SECRET_KEY = 'x'\nDATABASES = {'default': {'ENGINE': 'nothing'}}")
    outcome = run(
        "manage.py", "migrate", PYTHONPATH=str(tmp_path), DJANGO_SETTINGS_MODULE="odd", VAR_DIR=str(tmp_path)
    )
    assert "Traceback" in outcome.stderr
    assert "ImproperlyConfigured: 'nothing'" in outcome.stderr


def test_a_folder_that_can_not_keep_the_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "SECRET_KEY must be set" in str(refusal(SECRET_KEY="", VAR_DIR=str(tmp_path / "file")))


def test_empty_means_the_default(tmp_path: Path) -> None:
    names = [setting.name for setting in ALL if setting.name != "VAR_DIR"]
    assert loaded(tmp_path, **dict.fromkeys(names, "")) == loaded(tmp_path, without=names)


def test_the_least_of_every_number_is_allowed(tmp_path: Path) -> None:
    least = {setting.name: str(setting.least) for setting in ALL if setting.reader == "number"}
    settings = loaded(tmp_path, **least)
    assert {name: settings[name] for name in least if name in settings}.items() <= {
        name: float(value) for name, value in least.items()
    }.items()


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"BEHIND_PROXY": "1"}, 1),
        ({"BEHIND_PROXY": "1", "PROXY_COUNT": "3"}, 3),
        ({"PROXY_COUNT": "3"}, 0),
        ({"BEHIND_PROXY": "1", "PROXY_COUNT": "3", "TRUSTED_PROXIES": "2"}, 2),
    ],
)
def test_older_names_of_the_trusted_proxies_still_count(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], wanted: int
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = settings_now()
    assert settings["TRUSTED_PROXIES"] == wanted
    assert settings.get("USE_X_FORWARDED_HOST", False) is bool(wanted)


def test_a_file_holds_a_value_and_a_new_line(tmp_path: Path) -> None:
    values = {
        "SECRET_KEY": "long and random",
        "FASHN_API_KEY": "fa-key",
        "QUEUE_CONCURRENCY": 7,
        "DEMO_SHOP": True,
        "LOG_FORMAT": "text",
        "ALLOWED_HOSTS": ["*"],
        "S3_BUCKET": "shop-pictures",
        "S3_PREFIX": "production",
        "S3_REGION": "eu-central-1",
        "S3_ACCESS_KEY": "access",
        "S3_SECRET_KEY": "hidden",
        "S3_ENDPOINT": "https://s3.example",
        "REDIS_URL": "redis://:secret@redis/1",
    }
    files = {f"{name}_FILE": tmp_path / name for name in values}
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value[0] if isinstance(value, list) else value}\n")
    settings = loaded(tmp_path, without=list(values), **{name: str(path) for name, path in files.items()})
    assert {name: settings[name] for name in values} == values


@pytest.mark.parametrize("setting", ALL, ids=lambda part: str(part))
def test_a_new_line_at_the_end_of_any_file_does_not_count(
    setting: SettingRead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reader takes its text from ``env.text``, so the file reads as the plain value does."""
    (tmp_path / "value").write_text("a value\n")
    monkeypatch.delenv(setting.name, raising=False)
    monkeypatch.setenv(f"{setting.name}_FILE", str(tmp_path / "value"))
    assert env.text(setting.name) == "a value"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_can_not_be_read_is_named_by_its_setting(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    error = refusal(FASHN_API_KEY_FILE=str(path))
    assert str(error) == "FASHN_API_KEY_FILE must name a file of UTF-8 text that can be read."
    assert "Error" not in printed(error)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("1", True), ("Yes", True), (" on ", True), ("0", False), ("OFF", False), ("no", False)],
)
def test_the_words_of_a_flag(monkeypatch: pytest.MonkeyPatch, given: str, meant: bool) -> None:
    monkeypatch.setenv("DEMO_SHOP", given)
    assert env.flag("DEMO_SHOP", not meant) is meant


def test_a_choice_may_be_capitalized_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO"]) == "DEBUG"


@pytest.mark.parametrize("hosts", ["*", ".shop.example, 127.0.0.1,[::1]", "tryon,tryon.internal."])
def test_hosts_are_names_and_addresses(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", hosts)
    assert env.host_names("ALLOWED_HOSTS", []) == hosts.replace(" ", "").split(",")


def test_a_secret_that_begins_with_a_dollar_is_not_another_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASHN_API_KEY", "$HOME")
    assert env.text("FASHN_API_KEY") == "$HOME"


PRINT = """
import json
from config import settings
values = {name: value for name, value in vars(settings).items() if name.isupper()}
print(json.dumps(values, default=lambda value: type(value).__name__))
"""


def loaded(folder: Path, *, without: Sequence[str] = (), **environment: str) -> dict[str, Any]:
    """Return the settings of a fresh process."""
    outcome = run("-c", PRINT, without=without, VAR_DIR=str(folder), **environment)
    assert outcome.returncode == 0, outcome.stderr
    settings: dict[str, Any] = json.loads(outcome.stdout)
    return settings


def run(*arguments: str, without: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in this environment."""
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def printed(error: BaseException) -> str:
    """Return the error as Python prints it, with the errors that led to it, without lines of source."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(line for line in lines if not line.startswith("    "))
