"""A name that leads to another server: the old one lives on as a replica, and must be left."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import CacheHandler
from redis import Redis, RedisError

from config.core.redis.addresses import cache_settings, connect
from config.core.redis.counters import Counter
from config.core.redis.loop import LoopCounters
from config.core.redis.outage import cache_outage
from tests.config.core.redis.test_addresses import server, until
from tryon.demo.broker import LOOPBACK, free_port

NAME = "redis.shop"


class Name:
    """A name that leads to one of two servers."""

    def __init__(self, ports: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = f"redis://{NAME}/0"
        self.ports = ports
        self.present = ports[0]
        look_up = socket.getaddrinfo

        def resolve(host: str, *args: Any, **options: Any) -> Any:
            if host != NAME:
                return look_up(host, *args, **options)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, self.present))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    def demote_first(self) -> None:
        with Redis(port=self.ports[0]) as old:
            old.replicaof(LOOPBACK, "1")

    def fail_over(self) -> None:
        self.demote_first()
        self.present = self.ports[1]

    def second(self) -> Redis:
        return Redis(port=self.ports[1], decode_responses=True)


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Name]:
    first, second = free_port(), free_port()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    with server(tmp_path / "one", f"port {first}"), server(tmp_path / "two", f"port {second}"):
        until(Redis(port=first).ping)
        until(Redis(port=second).ping)
        yield Name([first, second], monkeypatch)


def test_a_client_writes_to_the_new_primary(name: Name) -> None:
    client = connect(name.url)
    client.set("colour", "red")
    name.fail_over()
    client.set("colour", "blue")
    assert name.second().get("colour") == "blue"


def test_a_transaction_goes_to_the_new_primary(name: Name) -> None:
    """RQ hands a task over in one."""
    client = connect(name.url)
    client.set("colour", "red")
    name.fail_over()
    with client.pipeline() as pipe:
        pipe.set("one", "1")
        pipe.set("two", "2")
        pipe.execute()
    assert name.second().mget("one", "two") == ["1", "2"]


def test_a_replica_without_a_successor_is_told_at_once(name: Name) -> None:
    client = connect(name.url)
    client.set("colour", "red")
    name.demote_first()
    with pytest.raises(RedisError):
        client.set("colour", "blue")


def test_an_event_loop_counts_at_the_new_primary(name: Name) -> None:
    async def story() -> list[bool]:
        counters = LoopCounters(name.url, most=2)
        counted = []
        for happens in (None, None, name.fail_over, None):
            if happens is not None:
                happens()
            counted.append(await counters.count([Counter("name", 9, 60)], []) is not None)
            counters._refusing.end()  # as two seconds later
        await counters.close()
        return counted

    assert asyncio.run(story()) == [True, True, False, True]
    assert name.second().dbsize() == 1


def test_the_cache_writes_to_the_new_primary(name: Name) -> None:
    cache = CacheHandler({"default": cache_settings(name.url)})["default"]
    cache.set("colour", "red")
    name.fail_over()
    cache.set("colour", "blue")  # is lost, and tells
    cache_outage.end()  # as two seconds later
    cache.set("colour", "green")
    assert cache.get("colour") == "green"
    assert name.second().dbsize() == 1
