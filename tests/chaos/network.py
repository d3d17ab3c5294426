"""Hosts of a run: network namespaces behind a bridge, where root may make them, else names on loopback."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tryon.demo.broker import LOOPBACK, free_port
from tryon.demo.processes import Service

# Python needs help there.
AHEAD: Final = Path(__file__).resolve().parent / "ahead"
# Seconds by which the clocks of the first three hosts differ from this machine's: 30 s between two of them.
SKEWS: Final = (0, 15, -15)


@dataclass(frozen=True, slots=True)
class Host:
    """A host. ``namespace`` and ``link`` are empty for one that is only a name."""

    name: str
    url: str
    namespace: str = ""
    link: str = ""
    skew: int = 0

    def on(self, service: Service) -> Service:
        """Return the service as it runs on this host, by this host's clock."""
        return replace(service, command=(*self._enter(), *clock_ahead(self.skew), *service.command))

    def cut(self) -> None:
        """Pull the cable."""
        if self.link:
            ip("link", "set", self.link, "down")

    def mend(self) -> None:
        """Plug the cable in again."""
        if self.link:
            ip("link", "set", self.link, "up")

    def _enter(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.namespace) if self.namespace else ()


@dataclass(frozen=True, slots=True)
class Network:
    """``address`` is the place of what the hosts share."""

    address: str
    hosts: tuple[Host, ...]

    @property
    def urls(self) -> list[str]:
        return [host.url for host in self.hosts]


def clock_ahead(seconds: int) -> tuple[str, ...]:
    """Return a command's beginning that moves its clock, if libfaketime is there to do so."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if not seconds or library is None:
        return ()
    clock = (f"LD_PRELOAD={library}", f"FAKETIME={seconds:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC=1")
    return ("env", *clock, f"PYTHONPATH={AHEAD}")


@contextmanager
def network(number: int, *, cables: bool) -> Iterator[Network]:
    """Make a number of hosts for the block. Without ``cables`` they are only names."""
    skews = [SKEWS[place % len(SKEWS)] for place in range(number)]
    with ExitStack() as at_the_end:
        try:
            made = _namespaces(skews, at_the_end) if cables else _on_loopback(skews)
        except PermissionError:
            made = _on_loopback(skews)
        yield made


def _on_loopback(skews: list[int]) -> Network:
    places = enumerate(skews, 1)
    hosts = [Host(f"host-{place}", f"http://{LOOPBACK}:{free_port()}", skew=skew) for place, skew in places]
    return Network(LOOPBACK, tuple(hosts))


def _namespaces(skews: list[int], at_the_end: ExitStack) -> Network:
    """Raise PermissionError where they can't be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        raise PermissionError("network namespaces need root and iproute2")
    mark, net = secrets.token_hex(3), f"10.{secrets.randbelow(200) + 20}.{secrets.randbelow(256)}"
    bridge = f"tos{mark}"
    ip("link", "add", bridge, "type", "bridge")
    at_the_end.callback(ip, "link", "del", bridge)
    ip("addr", "add", f"{net}.1/24", "dev", bridge)
    ip("link", "set", bridge, "up")
    hosts = []
    for place, skew in enumerate(skews, 1):
        space, link, address = f"{bridge}-{place}", f"{bridge}-{place}", f"{net}.{place + 10}"
        ip("netns", "add", space)
        at_the_end.callback(ip, "netns", "del", space)
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
        ip("link", "set", link, "master", bridge, "up")
        for command in (f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            ip("-n", space, *command.split())
        hosts.append(Host(f"host-{place}", f"http://{address}:8000", space, link, skew))
    return Network(f"{net}.1", tuple(hosts))


def ip(*arguments: str) -> None:
    """Run iproute2. Raise PermissionError where the system refuses."""
    outcome = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if outcome.returncode:
        raise PermissionError(f"ip {' '.join(arguments)}: {outcome.stderr.strip()}")


def environment_on(environment: Mapping[str, str], host: Host, folder: Path) -> dict[str, str]:
    """Return a process's environment on a host: its data are in a folder of the host's own."""
    return {**environment, "VAR_DIR": str(folder / host.name)}
