"""Redis servers of a test's own, and what makes one refuse to write while it answers."""

from collections.abc import Callable
from typing import Final

from redis import Redis


def fill(url: str) -> None:
    """Full, and told to evict nothing."""
    with Redis.from_url(url) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1kb")


def demote(url: str) -> None:
    """A replica, as the old primary is after a failover."""
    with Redis.from_url(url) as client:
        client.replicaof("127.0.0.1", "1")


def make_well(url: str) -> None:
    """Let it take everything again."""
    with Redis.from_url(url) as client:
        client.config_set("maxmemory", "0")
        client.replicaof("NO", "ONE")


AILMENTS: Final[dict[str, Callable[[str], None]]] = {"full": fill, "replica": demote}
