"""A primary of Redis, its replica, and three sentinels that watch them."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from redis import Redis, RedisError
from redis.sentinel import Sentinel

from config.core.private import make_private_folder
from tryon.demo.broker import find_server, free_port
from tryon.demo.processes import Service

MASTER: Final = "shop"
SENTINELS: Final = 3
# Milliseconds until a primary counts as gone, and until another failover may begin.
GONE_AFTER: Final = 2000
FAILOVER_WITHIN: Final = 10_000


@dataclass
class RedisGroup:
    """``url`` is the value for REDIS_URL."""

    folder: Path
    address: str
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    servers: dict[str, int] = field(default_factory=dict)
    sentinels: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.servers = {name: free_port() for name in ("redis-1", "redis-2")}
        self.sentinels = {f"sentinel-{number}": free_port() for number in range(1, SENTINELS + 1)}

    @property
    def url(self) -> str:
        places = ",".join(f"{self.address}:{port}" for port in self.sentinels.values())
        return f"redis+sentinel://:{self.password}@{places}/{MASTER}/0"

    def services(self) -> Iterator[tuple[str, Service]]:
        """Yield the processes by name, with their settings written. The first server is the primary."""
        first = self.servers["redis-1"]
        for name, port in self.servers.items():
            lines = [
                *self._place(port),
                f"requirepass {self.password}",
                f"masterauth {self.password}",
                'save ""',
                "appendonly no",
                "repl-diskless-sync-delay 0",
                *([] if port == first else [f"replicaof {self.address} {first}"]),
            ]
            yield name, self._service(name, lines, lambda _, port=port: self._answers(port))
        for name, port in self.sentinels.items():
            lines = [
                *self._place(port),
                f"sentinel monitor {MASTER} {self.address} {first} 2",
                f"sentinel auth-pass {MASTER} {self.password}",
                f"sentinel down-after-milliseconds {MASTER} {GONE_AFTER}",
                f"sentinel failover-timeout {MASTER} {FAILOVER_WITHIN}",
            ]
            yield name, self._service(name, lines, lambda _: bool(self.primary()), "--sentinel")

    def primary(self) -> str:
        """Return the name of the server that the sentinels call the primary. Empty where they know none."""
        places = [(self.address, port) for port in self.sentinels.values()]
        watch = Sentinel(places, sentinel_kwargs={"socket_timeout": 1})  # type: ignore[no-untyped-call]
        try:
            _host, at = watch.discover_master(MASTER)  # type: ignore[no-untyped-call]
        except RedisError:
            return ""
        return next((name for name, port in self.servers.items() if port == int(at)), "")

    def _place(self, port: int) -> list[str]:
        return [f"bind {self.address}", f"port {port}", "protected-mode no"]

    def _service(self, name: str, lines: list[str], ready: object, *options: str) -> Service:
        folder = self.folder / name
        make_private_folder(folder)
        (folder / "redis.conf").write_text("".join(f"{line}\n" for line in [*lines, "logfile redis.log"]))
        return Service(name, (str(find_server()), "redis.conf", *options), folder, ready)  # type: ignore[arg-type]

    def _answers(self, port: int) -> bool:
        try:
            with Redis(self.address, port, password=self.password, socket_timeout=1) as client:
                return bool(client.ping())
        except RedisError:
            return False
