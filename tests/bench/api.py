"""Compare the hot calls with a bare view, in one run: ``python -m tests.bench.api``, or ``make bench-api``.

The bare view is a Django view without middleware that reads one row by its key. It is served as the product
is: granian with two workers, and the gate with four threads in each. Every ratio is to it, and more is
better: requests per second, and requests for a second of CPU time, which other programs disturb less.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import requests

from tests.bench.client import Load, send
from tests.bench.installation import PROJECT, installation
from tests.bench.meter import Meter
from tests.waiting import eventually
from tryon.demo.broker import LOOPBACK, free_port
from tryon.demo.processes import Child, Service

NOWHERE: Final = "redis://127.0.0.1:9/0"
JOBS: Final = 12_000
CONNECTIONS: Final = 32
WARM_UP_SECONDS: Final = 0.5
GATE: Final = ("--interface", "asgi", "config.asgi:application")
WSGI: Final = ("--interface", "wsgi", "--blocking-threads", "4", "config.wsgi:application")
FASTAPI: Final = ("--interface", "asgi", "tests.bench.fastapi_view:application")
BARE, PRODUCT, ALONE = "bare view", "product", "without Redis"
API: Final = "/api/tryon/"


@dataclass(frozen=True, slots=True)
class Server:
    """A running web server of two processes."""

    child: Child
    port: int


class Call(NamedTuple):
    """A request to one of the servers."""

    server: str
    request: bytes


class Figures(NamedTuple):
    """Requests per second, the p99 in milliseconds, and milliseconds of CPU for a request."""

    rate: float
    p99: float
    cpu: float


@contextmanager
def servers(environment: Mapping[str, str]) -> Iterator[dict[str, Server]]:
    """Run a server of each kind, by name."""
    bare = {**environment, "DJANGO_SETTINGS_MODULE": "tests.bench.bare_settings"}
    kinds = {
        BARE: (GATE, bare),
        "bare view, WSGI": (WSGI, bare),
        PRODUCT: (GATE, environment),
        ALONE: (GATE, {**environment, "REDIS_URL": NOWHERE}),
    }
    if environment["DATABASE_URL"].startswith("postgres"):
        kinds["FastAPI and asyncpg"] = (FASTAPI, environment)
    folder = Path(environment["VAR_DIR"])
    with ExitStack() as at_the_end:
        running = {}
        for name, (options, variables) in kinds.items():
            port = free_port()
            address = ("--host", LOOPBACK, "--port", str(port), "--workers", "2")
            command = (sys.executable, "-m", "granian", *address, *options)
            child = Child(Service(name, command, PROJECT, lambda _: True), variables, folder / f"{name}.log")
            at_the_end.callback(child.stop, 3)
            running[name] = Server(child, port)
        for server in running.values():
            eventually(functools.partial(answers, server))
        yield running


def answers(server: Server) -> bool:
    """Return whether the server answers anything. Raise RuntimeError if it has ended."""
    if server.child.exit_code is not None:
        raise RuntimeError(server.child.log.read_text())
    try:
        return requests.get(f"http://{LOOPBACK}:{server.port}/nothing", timeout=5).status_code > 0
    except requests.RequestException:
        return False


def calls(rows: Mapping[str, Any], running: Mapping[str, Server]) -> dict[str, Call]:
    """Return the calls by name."""
    key, completed = rows["key"], rows["jobs"]["completed"]
    row = request_for(f"/bare/{completed}", key)
    found = {name: Call(name, row) for name in running if name not in (PRODUCT, ALONE)}
    for status, job in rows["jobs"].items():
        found[f"GET /jobs/{{id}} {status}"] = Call(PRODUCT, request_for(f"{API}jobs/{job}", key))
    kept = request_for(f"{API}jobs/{completed}", key, etag=etag_of(running[PRODUCT], completed, key))
    found["GET /jobs/{id} completed, not modified"] = Call(PRODUCT, kept)
    alone = request_for(f"{API}jobs/{completed}", key)
    found[f"GET /jobs/{{id}} completed, {ALONE}"] = Call(ALONE, alone)
    for path in ("models", "results"):
        page = request_for(f"{API}{path}?pageSize=24", key)
        found[f"GET /{path}?pageSize=24"] = Call(PRODUCT, page)
    hit = request_for(f"{API}generate", key, body=json.dumps(rows["wish"]))
    found["POST /generate, a hit"] = Call(PRODUCT, hit)
    return found


def etag_of(server: Server, job: str, key: str) -> str:
    """Return the ETag of a job's answer. It changes with the addresses in it, every five minutes."""
    answer = requests.get(
        f"http://{LOOPBACK}:{server.port}{API}jobs/{job}",
        headers={"Authorization": f"Api-Key {key}"},
        timeout=30,
    )
    return answer.headers["ETag"]


def request_for(path: str, key: str, *, body: str = "", etag: str = "") -> bytes:
    """Return the bytes of a request: a POST if it has a body."""
    lines = [
        f"{'POST' if body else 'GET'} {path} HTTP/1.1",
        f"Host: {LOOPBACK}",
        f"Authorization: Api-Key {key}",
        "Accept: application/json",
        *([f"If-None-Match: {etag}"] if etag else []),
        *([f"Content-Type: application/json\r\nContent-Length: {len(body)}"] if body else []),
    ]
    return "\r\n".join([*lines, "", body]).encode()


def measure(call: Call, server: Server, seconds: float) -> Figures:
    """Return the figures of one call, after a moment to warm up."""
    send(Load(call.request), port=server.port, connections=CONNECTIONS, seconds=min(WARM_UP_SECONDS, seconds))
    load = Load(call.request)
    meter = Meter({call.server: server.child})
    send(load, port=server.port, connections=CONNECTIONS, seconds=seconds)
    meter.look()
    number = len(load.seconds)
    return Figures(number / seconds, load.p99 * 1000, meter.cpu_seconds(call.server) / number * 1000)


def main() -> None:
    """Measure every call in each round, and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="make bench-api", description=__doc__)
    parser.add_argument("--database-url", default=os.environ.get("TEST_DATABASE_URL", ""))
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each call in each round")
    given = parser.parse_args()
    with installation(given.database_url, LOG_LEVEL="INFO") as environment:
        fill = [sys.executable, "-m", "tests.bench.api_rows", str(given.jobs)]
        filled = subprocess.run(
            fill, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        with servers(environment) as running:
            wanted = calls(json.loads(filled.stdout), running)
            rounds = [
                {name: measure(call, running[call.server], given.seconds) for name, call in wanted.items()}
                for _ in range(given.rounds)
            ]
    sys.stdout.write(table(rounds))


def table(rounds: list[dict[str, Figures]]) -> str:
    """Return the medians of each call. A ratio is the median of the ratios in each round."""
    lines = [f"{'':44}{'requests/s':>12}{'ratio':>8}{'p99 ms':>10}{'CPU ms':>10}{'ratio':>8}"]
    for name in rounds[0]:
        own, bare = [figures[name] for figures in rounds], [figures[BARE] for figures in rounds]
        rate, p99, cpu = (statistics.median(values) for values in zip(*own, strict=True))
        faster = statistics.median(a.rate / b.rate for a, b in zip(own, bare, strict=True))
        cheaper = statistics.median(b.cpu / a.cpu for a, b in zip(own, bare, strict=True))
        lines.append(f"{name:44}{rate:12.0f}{faster:8.2f}{p99:10.1f}{cpu:10.2f}{cheaper:8.2f}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
