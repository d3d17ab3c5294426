"""Several hosts that share a database, a Redis with Sentinel and a bucket, behind one proxy."""

import itertools
import json
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, override
from urllib.parse import urlsplit

import requests

from tests import s3
from tests.chaos.network import SKEWS, Host, Network, environment_on, network
from tests.chaos.redis_group import RedisGroup
from tests.chaos.world import SETTINGS, SPEED, World, stop
from tests.installation.servers import nginx
from tests.pgbouncer import pgbouncer
from tests.postgres import private_postgres
from tryon.demo import services
from tryon.demo.broker import LOOPBACK, free_port
from tryon.demo.environment import child_environment, own_environment
from tryon.demo.guard import Guard
from tryon.demo.handout import handout_for
from tryon.demo.processes import Child, Service

# Pictures that are opened on each host at the end.
PICTURES: Final = 20
BALANCER: Final = """
upstream hosts {{ {servers} }}
server {{
    listen {listen};
    client_max_body_size 21m;
    location / {{
        proxy_pass http://hosts;
        proxy_connect_timeout 1s;
        proxy_read_timeout 20s;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
}}
"""


@dataclass
class Hosts(World):
    """The processes of a host are ``<host>/<process>``. A shopper reaches the hosts in turn."""

    network: Network = field(kw_only=True)
    group: RedisGroup = field(kw_only=True)
    _turn: Iterator[Host] = field(init=False)
    _turns: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._turn = itertools.cycle(self.network.hosts)

    @override
    def launch(self, name: str, service: Service) -> None:
        host = self.host(name)
        environment = environment_on(self.environment, host, self.folder) if host else self.environment
        child = Child(
            host.on(service) if host else service,
            environment,
            self.folder / "logs" / f"{name.replace('/', '-')}.log",
        )
        # What is restarted gets its host again.
        child.service = service
        self.guard.watch(child.pid)
        self.children[name] = child

    @override
    def api(self, method: str, path: str, body: Any = None, **form: Any) -> Any:
        with self._turns:
            host = next(self._turn)
        return self.api_on(host, method, path, body, **form)

    def api_on(self, host: Host, method: str, path: str, body: Any = None, **form: Any) -> Any:
        """Call the API of one host. Raise requests.RequestException."""
        return self.ask(host.url, method, path, body, **form)

    def host(self, name: str) -> Host | None:
        """Return the host of a process, None for what the hosts share."""
        return next((host for host in self.network.hosts if name.startswith(f"{host.name}/")), None)

    def cut_off(self, number: int) -> None:
        """Take a host from the network. Where it has no cable, freeze all that it does."""
        host = self.network.hosts[number]
        host.cut()
        if not host.link:
            self._signal_host(host, signal.SIGSTOP)

    def reconnect(self, number: int) -> None:
        """Give a host its network again."""
        host = self.network.hosts[number]
        host.mend()
        if not host.link:
            self._signal_host(host, signal.SIGCONT)

    def power_off(self, number: int) -> None:
        """Kill a host. Nobody hears of it: its connections do not end."""
        host = self.network.hosts[number]
        host.cut()
        for name in self._processes(host):
            self.stopped.add(name)
            self.kill(name)

    def power_on(self, number: int) -> None:
        """Start a killed host again."""
        host = self.network.hosts[number]
        host.mend()
        for name in self._processes(host):
            self.children[name].clear()
            self.deaths[f"{name} (host killed)"] += 1
            self.restart_at.pop(name, None)
            self.resume(name)

    def fail_over(self) -> None:
        """Kill the primary of Redis. The sentinels make the replica the next one."""
        name = self.group.primary()
        if name:
            self.stopped.add(name)
            self.kill(name)

    def restore_redis(self) -> None:
        """Start the killed server again: the sentinels make it a replica."""
        for name in self.group.servers:
            if name in self.stopped:
                self.children[name].clear()
                self.resume(name)

    def unopened(self) -> tuple[int, int]:
        """Open pictures on each host. Return how many did not open, and how many were tried."""
        first = self.network.hosts[0]
        results = self.api_on(first, "GET", f"results?pageSize={PICTURES}")
        tries = [(host, str(result["id"])) for result in results for host in self.network.hosts]
        return sum(not self._opens(host, result) for host, result in tries), len(tries)

    def _opens(self, host: Host, result: str) -> bool:
        try:
            address = self.api_on(host, "GET", f"results/{result}")["imageUrl"]
            picture = requests.get(address, timeout=30)
        except requests.RequestException:
            return False
        return picture.ok and picture.headers["Content-Type"].startswith("image/")

    def _processes(self, host: Host) -> list[str]:
        return [name for name in self.children if self.host(name) is host]

    def _signal_host(self, host: Host, number: signal.Signals) -> None:
        for name in self._processes(host):
            with suppress(ProcessLookupError):
                os.killpg(self.children[name].pid, number)


@contextmanager
def hosts(
    folder: Path,
    *,
    number: int,
    pooled: bool,
    helpers_on: int = len(SKEWS),
    cables: bool = True,
    speed: float = SPEED,
    settings: Mapping[str, str] = SETTINGS,
) -> Iterator[Hosts]:
    """Build an installation on several hosts, run it for the block, and leave nothing behind.

    ``pooled`` puts PgBouncer before PostgreSQL. The first ``helpers_on`` hosts have a maintenance
    worker and a clock.
    """
    (folder / "logs").mkdir(parents=True)
    with ExitStack() as at_the_end:
        made = at_the_end.enter_context(network(number, cables=cables))
        shared = made.address
        server = at_the_end.enter_context(private_postgres(address=shared))
        if pooled:
            server = at_the_end.enter_context(pgbouncer(server, address=shared))
        store = at_the_end.enter_context(s3.s3_server(address=shared))
        balancer = f"http://{shared}:{free_port()}"
        handout = handout_for(folder, url=balancer, sandbox_url=f"http://{shared}:{free_port()}")
        group = RedisGroup(folder / "redis", shared)
        environment = {
            **child_environment(
                os.environ, own_environment(var=folder, redis_url=group.url, handout=handout, speed=speed)
            ),
            **settings,
            "DATABASE_URL": server,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "S3_BUCKET": s3.new_bucket(store),
            "S3_REGION": s3.REGION,
            "S3_ENDPOINT": store,
            "S3_ACCESS_KEY": s3.ACCESS_KEY,
            "S3_SECRET_KEY": s3.SECRET_KEY,
            "ALLOWED_HOSTS": ",".join({str(urlsplit(url).hostname) for url in (balancer, *made.urls)}),
            "TRUSTED_PROXIES": "1",
        }
        servers = " ".join(f"server {urlsplit(url).netloc};" for url in made.urls)
        site = BALANCER.format(servers=servers, listen=urlsplit(balancer).netloc)
        at_the_end.enter_context(nginx(folder / "nginx", site))
        guard = Guard()
        at_the_end.callback(guard.close)
        world = Hosts(folder, handout, environment, group.url, guard, network=made, group=group)
        at_the_end.callback(stop, world)
        _start(world, speed, helpers_on)
        yield world


def _start(world: Hosts, speed: float, helpers_on: int) -> None:
    address, group = world.network.address, world.group
    for name, service in group.services():
        world.launch(name, service)
        world.wait_until_ready()
    world.launch("sandbox", _at(services.sandbox_service(world.handout, speed), address))
    world.wait_until_ready()
    world.run("manage.py", "migrate", "--no-input")
    world.run("manage.py", "demo_library", text=json.dumps(world.handout.to_json()))
    worker, maintenance = services.worker_services(group.url)
    for place, host in enumerate(world.network.hosts):
        (world.folder / host.name / "static").mkdir(parents=True)
        web = services.web_service(replace(world.handout, url=host.url))
        helpers = (maintenance, services.cron_service(group.url)) if place < helpers_on else ()
        for service in (worker, web, *helpers):
            world.launch(f"{host.name}/{service.name}", _at(service, str(urlsplit(host.url).hostname)))
    world.wait_until_ready()


def _at(service: Service, address: str) -> Service:
    """Return the service, listening at another address than this machine's own."""
    return replace(service, command=tuple(address if word == LOOPBACK else word for word in service.command))
