"""Measure the live door, in one run: ``python -m tests.bench.live``, or ``make bench-live``.

Memory: streams of one process that say nothing, and what they hear of a restart of Redis, which it comes out
of empty. Speed: the time from a commit to the client. Polls: questions for JSON, and the API's own, against a
bare Django view that reads one row by its key (as in ``api``).
"""

import argparse
import asyncio
import atexit
import functools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests
from redis import Redis, RedisError

from tests.bench.api import BARE, GATE, Call, Server, answers, measure, request_for, table
from tests.bench.installation import PROJECT, installation
from tests.bench.listeners import Stream, listen, until
from tests.waiting import eventually
from tryon.demo.broker import LOOPBACK, free_port
from tryon.demo.processes import Child, Service

EVENTS: Final = "the live door, JSON"
API: Final = "GET /jobs/{id}"
LISTENERS: Final = 1000
PREFIX: Final = "/api/tryon/"
CHANGED_WHILE_AWAY: Final = 200
CHANGERS: Final = 4  # processes


@contextmanager
def server(name: str, command: list[str], environment: Mapping[str, str], port: int) -> Iterator[Server]:
    """Run a server until the block ends."""
    log = Path(environment["VAR_DIR"]) / f"{name.partition(',')[0].replace(' ', '-')}.log"
    child = Child(Service(name, (sys.executable, *command), PROJECT, lambda _: True), environment, log)
    try:
        running = Server(child, port)
        eventually(lambda: answers(running))
        yield running
    finally:
        child.stop(5)


@contextmanager
def live_door(environment: Mapping[str, str]) -> Iterator[Server]:
    """Run the live door, and wait until it has found Redis."""
    port = free_port()
    with server("events", ["-m", "tryon.events", "--port", str(port)], environment, port) as running:
        eventually(lambda: requests.get(f"http://{LOOPBACK}:{port}/readyz", timeout=5).status_code == 200)
        yield running


@contextmanager
def web(name: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """Run granian with the gate and two processes."""
    port = free_port()
    command = ["-m", "granian", "--host", LOOPBACK, "--port", str(port), "--workers", "2", *GATE]
    with server(name, command, environment, port) as running:
        yield running


def memory_kb(running: Server) -> int:
    """Return the resident memory of the server's worker, the largest of its processes."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            lines = (folder / "status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if session == running.child.pid:
            found += [int(line.split()[1]) for line in lines if line.startswith("VmRSS")]
    return max(found)


def change(environment: Mapping[str, str], jobs: list[str], *options: str) -> dict[str, float]:
    """Cancel jobs in a process of its own. Return the time of each commit, by the job."""
    command = [sys.executable, "-m", "tests.bench.live_changes", *options]
    run = functools.partial(subprocess.run, cwd=PROJECT, env=environment, check=True, text=True)
    changed = run(command, input="\n".join(jobs), stdout=subprocess.PIPE)
    return {job: float(at) for job, at in (line.split() for line in changed.stdout.splitlines())}


async def idle(environment: Mapping[str, str], rows: Mapping[str, Any]) -> list[str]:
    """Open a stream for each job, then restart Redis."""
    paths, jobs = rows["paths"], rows["jobs"]
    with live_door(environment) as running:
        await asyncio.to_thread(requests.get, f"http://{LOOPBACK}:{running.port}{paths[0]}", timeout=30)
        before = memory_kb(running)
        streams = await listen(paths, port=running.port)
        each = (memory_kb(running) - before) / len(streams)
        told = await restart(environment, jobs, streams)
        peak = (memory_kb(running) - before) / len(streams)
        for stream in streams:
            stream.transport.close()
    return [
        f"{len(streams)} idle listeners: {each:.1f} KB each beside {before / 1024:.0f} MB of the process",
        told,
        f"after that: {peak:.1f} KB each",
    ]


async def restart(environment: Mapping[str, str], jobs: list[str], streams: list[Stream]) -> str:
    """Stop Redis, change some jobs, start it empty, have the sweep tell, and count what is lost."""
    changed = jobs[:CHANGED_WHILE_AWAY]
    with Redis.from_url(environment["REDIS_URL"]) as redis:
        redis.shutdown(nosave=True)
        degraded = await until(lambda: all(stream.heard.statuses[-1] == "degraded" for stream in streams))
        await asyncio.to_thread(change, environment, changed, "0")
        folder = Path(environment["VAR_DIR"]) / "redis"
        started = subprocess.Popen(["redis-server", "redis.conf"], cwd=folder)
        atexit.register(started.terminate)
        await until(lambda: listens(redis) == len(streams))
        await asyncio.to_thread(change, environment, [], "0", "--sweep")
    whole = await until(lambda: all(stream.heard.statuses[-1] != "degraded" for stream in streams))
    wanted = ["canceled" if number < len(changed) else "queued" for number in range(len(streams))]
    lost = sum(stream.heard.statuses[-1] != one for stream, one in zip(streams, wanted, strict=True))
    return (
        f"Redis restarted empty, {len(changed)} jobs changed while it was away: degraded everywhere after "
        f"{degraded:.1f} s, all states {whole:.1f} s after the sweep, {lost} lost"
    )


def listens(redis: "Redis") -> int:
    """Return the number of channels that somebody listens to, 0 without Redis."""
    try:
        return len(redis.pubsub_channels("*"))
    except RedisError:
        return 0


async def speed(environment: Mapping[str, str], rows: Mapping[str, Any], rate: float) -> str:
    """Change each job once, while somebody listens to it."""
    jobs = rows["jobs"][:LISTENERS]
    with live_door(environment) as running:
        streams = await listen(rows["paths"][:LISTENERS], port=running.port)
        shares = [jobs[first::CHANGERS] for first in range(CHANGERS)]
        each = str(rate / CHANGERS)
        changes = (asyncio.to_thread(change, environment, share, each) for share in shares)
        commits = {job: at for part in await asyncio.gather(*changes) for job, at in part.items()}
        await until(lambda: not any(stream.is_open for stream in streams))
    times = sorted(1000 * (stream.heard.at - commits[job]) for job, stream in zip(jobs, streams, strict=True))
    seconds = max(commits.values()) - min(commits.values())
    return (
        f"{len(jobs)} listeners, {len(jobs) / seconds:.0f} changes a second: from commit to client "
        f"{statistics.median(times):.0f} ms, p99 {times[int(0.99 * (len(times) - 1))]:.0f} ms, "
        f"longest {times[-1]:.0f} ms"
    )


def polls(environment: Mapping[str, str], rows: Mapping[str, Any], rounds: int, seconds: float) -> str:
    """Compare questions for JSON with the bare view."""
    bare = {**environment, "DJANGO_SETTINGS_MODULE": "tests.bench.bare_settings"}
    with web(BARE, bare) as of_bare, web("product", environment) as of_web, live_door(environment) as door:
        running = {BARE: of_bare, "product": of_web, "events": door}
        calls = {
            BARE: Call(BARE, request_for(f"/bare/{rows['row']}", rows["key"])),
            EVENTS: Call("events", request_for(rows["paths"][-1], rows["key"])),
            f"{API} completed": Call("product", request_for(f"{PREFIX}jobs/{rows['row']}", rows["key"])),
            f"{API} queued": Call("product", request_for(f"{PREFIX}jobs/{rows['jobs'][-1]}", rows["key"])),
        }
        return table(
            [
                {name: measure(call, running[call.server], seconds) for name, call in calls.items()}
                for _ in range(rounds)
            ]
        )


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="make bench-live", description=__doc__)
    parser.add_argument("--database-url", default=os.environ.get("TEST_DATABASE_URL", ""))
    parser.add_argument("--listeners", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=50.0, help="changes a second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each call in each round")
    given = parser.parse_args()
    live = {"EVENTS_URL": "http://127.0.0.1:8001", "LOG_LEVEL": "INFO"}
    with installation(given.database_url, **live) as environment:
        fill = [sys.executable, "-m", "tests.bench.live_rows", str(given.listeners + LISTENERS)]
        run = functools.partial(subprocess.run, cwd=PROJECT, env=environment, check=True)
        filled = run(fill, stdout=subprocess.PIPE)
        rows = json.loads(filled.stdout)
        say(polls(environment, rows, given.rounds, given.seconds))
        say(asyncio.run(speed(environment, rows, given.rate)))
        for name in ("jobs", "paths"):  # those of the speed have ended
            rows[name] = rows[name][LISTENERS:]
        say(*asyncio.run(idle(environment, rows)))


def say(*lines: str) -> None:
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
