"""A Redis that takes connections and never answers."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import CacheHandler
from django.core.cache.backends.base import BaseCache
from redis import Redis

from config.core.redis import addresses, counters
from config.core.redis.addresses import cache_settings
from config.core.redis.counters import Counter, count
from config.core.redis.loop import LoopCounters
from config.core.redis.outage import Outage, cache_outage
from tests.config.core.redis.test_addresses import server, until
from tryon.demo.broker import LOOPBACK, free_port


class Silent:
    """Says nothing. The system takes the connections, and they are counted afterwards."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._guests: list[socket.socket] = []

    def guests(self) -> int:
        """Return how many have come so far."""
        while True:
            try:
                self._guests.append(self._socket.accept()[0])
            except BlockingIOError:
                return len(self._guests)

    def close(self) -> None:
        self._socket.close()
        for guest in self._guests:
            guest.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


@pytest.fixture
def cache(silent: Silent, monkeypatch: pytest.MonkeyPatch) -> BaseCache:
    monkeypatch.setattr("config.core.redis.addresses.CACHE_SECONDS", 0.05)
    monkeypatch.setattr("config.core.redis.outage.TRUST_SECONDS", 1000.0)
    return CacheHandler({"default": cache_settings(f"redis://127.0.0.1:{silent.port}/0")})["default"]


def test_a_redis_that_hangs_is_asked_once_and_then_left_alone_for_a_while(
    silent: Silent, cache: BaseCache
) -> None:
    for _ in range(5):
        assert cache.get("name", "nothing") == "nothing"
        cache.set("name", "value")
    assert silent.guests() == 1
    cache_outage.end()  # as when that time is over
    assert cache.get("name") is None
    assert silent.guests() == 2


def test_requests_that_are_not_counted_are_one_line_of_the_log(
    silent: Silent, cache: BaseCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(counters, "cache", cache)
    monkeypatch.setattr(counters, "uncounted", Outage())
    for _ in range(2):
        for _ in range(2):
            assert count([Counter("name", 1, 60)], ["name"]) == ([], {})
        cache_outage.end()  # as when the time of trust is over
    assert silent.guests() == 2
    assert sum("requests_not_counted" in record.getMessage() for record in caplog.records) == 1


def test_an_event_loop_goes_on_while_redis_hangs_and_asks_once(
    silent: Silent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.core.redis.outage.TRUST_SECONDS", 1000.0)

    async def story() -> None:
        now = 0.0
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now)
        counters = LoopCounters(f"redis://127.0.0.1:{silent.port}/0", most=2)
        asked = asyncio.create_task(counters.count([Counter("name", 1, 60)], ["name"]))
        for _ in range(100):
            await asyncio.sleep(0)
            assert not asked.done()
        now = addresses.CACHE_SECONDS + 1
        assert [await asked, await counters.count([Counter("name", 1, 60)], ["name"])] == [None, None]
        await counters.close()

    asyncio.run(story())
    assert silent.guests() == 1


def test_an_event_loop_leaves_a_redis_alone_that_refuses_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.core.redis.outage.TRUST_SECONDS", 1000.0)
    port = free_port()

    async def story() -> None:
        counters = LoopCounters(f"redis://{LOOPBACK}:{port}/0", most=2)
        for _ in range(2):
            assert await counters.count([Counter("name", 1, 60)], []) is None
        await counters.close()

    with server(tmp_path, f"port {port}", "maxmemory 1", "maxmemory-policy noeviction"):
        full = Redis(port=port)
        until(full.ping)
        full.config_resetstat()
        asyncio.run(story())
        assert full.info("commandstats")["cmdstat_evalsha"]["calls"] == 2  # at first it has no script
        full.close()
