"""The private Redis: who may use it, how long it lives, and where its program comes from."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from redis import AuthenticationError, Redis

from tests import redis_servers
from tryon.demo import broker as brokers
from tryon.demo.broker import CONFIG_FILE, PrivateRedis, answers, complaint_about, find_server, free_port
from tryon.demo.errors import BrokerError

ROOT = Path(__file__).resolve().parents[3]


def test_redis_serves_who_knows_its_url(tmp_path: Path) -> None:
    with PrivateRedis(tmp_path / "a folder") as broker, Redis.from_url(broker.url) as client:
        assert client.set("colour", "red")
        assert client.get("colour") == b"red"


def test_stranger_without_the_password_is_refused(tmp_path: Path) -> None:
    with PrivateRedis(tmp_path) as broker:
        without_password = f"redis://{broker.url.partition('@')[2]}"
        with Redis.from_url(without_password) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()


def test_password_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    with PrivateRedis(tmp_path):
        assert (tmp_path / CONFIG_FILE).stat().st_mode & 0o077 == 0


def ports() -> Iterator[int]:
    """Yield ports until none is free."""
    with suppress(BrokerError):
        while True:
            yield free_port()


def test_a_port_is_given_away_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "PORTS", range(19_990, 20_000))
    monkeypatch.setattr(brokers, "TRIES", 10)
    given = [*islice(ports(), 20)]
    assert 0 < len(given) == len({*given}) <= 10


def test_redis_is_gone_after_the_block(tmp_path: Path) -> None:
    with PrivateRedis(tmp_path) as broker:
        assert answers(broker.url)
    assert not answers(broker.url)


STARTED_AND_FORGOTTEN = """
import sys, time
from pathlib import Path
from tryon.demo.broker import PrivateRedis

with PrivateRedis(Path(sys.argv[1])) as broker:
    print(broker.url, flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_redis_is_gone_when_who_started_it_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTED_AND_FORGOTTEN, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        assert answers(url)
        starter.kill()
        # Nobody is left who would keep a reader of its output waiting.
        assert starter.stdout.read() == ""
    assert not answers(url)


def test_two_servers_run_beside_each_other(tmp_path: Path) -> None:
    with PrivateRedis(tmp_path / "one") as one, PrivateRedis(tmp_path / "two") as two:
        assert answers(one.url)
        assert answers(two.url)


def test_server_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = tmp_path / "valkey-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == server


def test_missing_server_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr("tryon.demo.broker.SERVERS", ())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BrokerError, match="REDIS_URL"):
        find_server()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "not an address"])
def test_wrong_address_does_not_answer(url: str) -> None:
    assert not answers(url)


@pytest.mark.parametrize(
    ("ailment", "words"), [("full", "takes nothing: .*memory"), ("replica", "is a replica")]
)
def test_what_is_wrong_with_a_redis_that_refuses_is_told(tmp_path: Path, ailment: str, words: str) -> None:
    with PrivateRedis(tmp_path) as broker:
        assert complaint_about(broker.url) == ""
        redis_servers.AILMENTS[ailment](broker.url)
        assert re.search(words, complaint_about(broker.url))
    assert "Nothing answers" in complaint_about(broker.url)
