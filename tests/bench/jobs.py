"""What a job costs beside FASHN's own time: ``python -m tests.bench.jobs``, or ``make bench-jobs``.

FASHN's own time of a prediction is completedAt - createdAt in the sandbox's ledger, divided by its speed. The
sandbox answers plain pictures here: composing them costs ten times what the product does with them.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.chaos.world import World, world
from tryon.demo.environment import FASHN_CALLS

MANY: Final = "100000"
POLL_SECONDS: Final = 0.5
GIVE_UP_SECONDS: Final = 900.0


@contextmanager
def bench_world(speed: float, concurrency: int, database_url: str, *, webhook: bool) -> Iterator[World]:
    """One step worker, limits out of the way, and FASHN calling back or not."""
    settings = {
        "QUEUE_CONCURRENCY": str(concurrency),
        "FASHN_RUN_CALLS": MANY,
        "FASHN_STATUS_CALLS": MANY if webhook else str(int(FASHN_CALLS * speed)),
        "LOG_FORMAT": "json",
        **({} if webhook else {"PUBLIC_BASE_URL": ""}),
    }
    with (
        tempfile.TemporaryDirectory(prefix="tryon-bench-") as folder,
        world(
            Path(folder) / "var", speed=speed, settings=settings, workers=1, database_url=database_url
        ) as made,
    ):
        made.sandbox(
            "POST",
            "settings",
            {"plainPictures": True, "concurrency": concurrency + 1, "runLimit": 10**6, "statusLimit": 10**6},
        )
        made.sandbox("POST", "credits", {"subscription": 10**6, "onDemand": 0})
        yield made


def overhead(speed: float, jobs: int, database_url: str, *, webhook: bool) -> dict[str, float]:
    """Seconds from generate to completed beyond FASHN's own, one job after another."""
    with bench_world(speed, 5, database_url, webhook=webhook) as made:
        products, models = sources(made)
        for number in range(jobs):
            job_id = ask(made, products[0], models[0], number)
            wait_for(made, {job_id})
        spent = [whole - own for whole, own in zip(durations(made), own_seconds(made, speed), strict=True)]
    return {"p50": statistics.median(spent), "worst": max(spent)}


def drain(speed: float, jobs: int, concurrency: int, database_url: str) -> dict[str, float]:
    """How close a full queue comes to jobs x FASHN's time / concurrency."""
    with bench_world(speed, concurrency, database_url, webhook=True) as made:
        products, models = sources(made)
        made.api("POST", "stats/pause")
        asked = {ask(made, products[0], models[0], number) for number in range(jobs)}
        started = time.monotonic()
        made.api("POST", "stats/resume")
        wait_for(made, asked)
        took = time.monotonic() - started
        ideal = sum(own_seconds(made, speed)) / concurrency
    return {"seconds": took, "ideal": ideal, "share": ideal / took}


def in_flight(number: int, database_url: str) -> dict[str, float]:
    """Many predictions at once on one worker process, and its peak memory in MB."""
    with bench_world(1.0, number, database_url, webhook=True) as made:
        products, models = sources(made)
        made.sandbox("POST", "faults", {"endpoint": "prediction", "fault": "never_ends", "times": number})
        for job in range(number):
            ask(made, products[0], models[0], job)
        deadline, peak = time.monotonic() + GIVE_UP_SECONDS, 0.0
        while (flying := made.sandbox("GET", "ledger")["inFlight"]) < number:
            if time.monotonic() > deadline:
                break
            peak = max(peak, memory_mb(made.children["worker-1"].pid))
            time.sleep(POLL_SECONDS)
            made.keep_alive()
        peak = max(peak, memory_mb(made.children["worker-1"].pid))
    return {"in flight": flying, "peak MB": peak}


def sources(made: World) -> tuple[list[str], list[str]]:
    """The ids of the product photos and the model photos."""
    models = [photo["id"] for photo in made.api("GET", "models?category=full_body")]
    return made.run("-m", "tests.chaos.catalogue").split(), models


def ask(made: World, product: str, model: str, seed: int) -> str:
    """Ask for a try-on that nobody has asked for before."""
    options = {"mode": "performance", "seed": seed}
    body = {"productImageId": product, "modelImageId": model, "options": options}
    return str(made.api("POST", "generate", body)["jobId"])


def wait_for(made: World, jobs: set[str]) -> None:
    """Wait until all jobs are completed, without asking for each. Raises TimeoutError."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    goal = len(jobs) + made.waited
    while made.api("GET", "stats")["jobs"]["completed"] < goal:
        if time.monotonic() > deadline:
            raise TimeoutError(str(made.api("GET", "stats")))
        time.sleep(POLL_SECONDS / 10)
        made.keep_alive()  # a worker ends by itself after so many tasks
    made.waited = goal


def durations(made: World) -> list[float]:
    """Seconds from generate to completed, by the database, in the order the jobs were asked for."""
    jobs = sorted(made.rows()["jobs"], key=lambda job: str(job["createdAt"]))
    return [between(job["createdAt"], job["completedAt"]) for job in jobs]


def own_seconds(made: World, speed: float) -> list[float]:
    """FASHN's own seconds for each prediction, in order."""
    calls = sorted(made.sandbox("GET", "ledger")["predictions"], key=lambda call: str(call["createdAt"]))
    return [between(call["createdAt"], call["completedAt"]) / speed for call in calls]


def between(first: Any, second: Any) -> float:
    """Seconds between two ISO times."""
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


def memory_mb(pid: int) -> float:
    """Peak resident memory of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Run the scenarios and print their medians."""
    parser = argparse.ArgumentParser(prog="make bench-jobs", description=__doc__)
    parser.add_argument(
        "--database-url",
        default=os.environ.get("TEST_DATABASE_URL", ""),
        help="a PostgreSQL server to make databases on, instead of SQLite",
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=["webhook", "timer", "drain", "in-flight"])
    given = parser.parse_args()
    url = given.database_url
    scenarios: dict[str, Callable[[], dict[str, float]]] = {
        "webhook": lambda: overhead(4.0, 15, url, webhook=True),
        "timer": lambda: overhead(1.0, 8, url, webhook=False),
        "drain": lambda: drain(2.0, 300, 5, url),
        "in-flight": lambda: in_flight(500, url),
    }
    for name, scenario in scenarios.items():
        if given.only in (None, name):
            runs = [scenario() for _ in range(given.runs)]
            medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            figures = ", ".join(f"{key} {value:.3g}" for key, value in medians.items())
            sys.stdout.write(f"{name}: {figures} (medians of {given.runs})\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
