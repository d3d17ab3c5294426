"""A Redis that takes connections and never answers."""

import socket
import threading
from collections.abc import Iterator

import pytest
from django.core.cache import CacheHandler
from django.core.cache.backends.base import BaseCache

from config.core.redis.addresses import cache_settings
from config.core.redis.outage import cache_outage


class Silent:
    """Counts who comes, and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.guests: list[socket.socket] = []
        threading.Thread(target=self._welcome, daemon=True).start()

    def _welcome(self) -> None:
        while True:
            try:
                self.guests.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()
        for guest in self.guests:
            guest.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


@pytest.fixture
def cache(silent: Silent, monkeypatch: pytest.MonkeyPatch) -> BaseCache:
    monkeypatch.setattr("config.core.redis.addresses.CACHE_SECONDS", 0.05)
    return CacheHandler({"default": cache_settings(f"redis://127.0.0.1:{silent.port}/0")})["default"]


def test_a_redis_that_hangs_is_asked_once_and_then_left_alone_for_a_while(
    silent: Silent, cache: BaseCache
) -> None:
    for _ in range(5):
        assert cache.get("name", "nothing") == "nothing"
        cache.set("name", "value")
    assert len(silent.guests) == 1
    cache_outage.end()  # as two seconds later
    assert cache.get("name") is None
    assert len(silent.guests) == 2
