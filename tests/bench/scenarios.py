"""The scenarios: each builds an installation of real processes, uses it, and returns figures by name."""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.bench.meter import Meter
from tests.bench.timeline import Timeline, timelines
from tests.chaos.world import World, world
from tryon.demo import services
from tryon.demo.environment import FASHN_CALLS

MANY: Final = 10**6
# A recycled worker would be two processes: README's number, above what any scenario needs.
TASKS_PER_WORKER: Final = "5000"
LOOK_SECONDS: Final = 0.2
# Counting jobs and reading /proc cost CPU that the measured processes need.
LOOKS_PER_COUNT: Final = 5
GIVE_UP_SECONDS: Final = 900.0

NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})

type Figures = dict[str, float]


@contextmanager
def installation(
    speed: float,
    concurrency: int,
    database_url: str,
    *,
    webhook: bool,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Iterator[World]:
    """One step worker, FASHN's limits out of the way, and FASHN calling back or not.

    Without webhooks the limit on status calls stays FASHN's own: it decides how often is asked.
    """
    chosen = {
        "QUEUE_CONCURRENCY": str(concurrency),
        "FASHN_RUN_CALLS": str(MANY),
        "FASHN_STATUS_CALLS": str(MANY if webhook else int(FASHN_CALLS * speed)),
        "LOG_FORMAT": "json",
        **({} if webhook else {"PUBLIC_BASE_URL": ""}),
        **settings,
    }
    limits = {"concurrency": concurrency + 1, "runLimit": MANY, "statusLimit": MANY}
    with (
        tempfile.TemporaryDirectory(prefix="tryon-bench-") as folder,
        world(
            Path(folder) / "var", speed=speed, settings=chosen, workers=0, database_url=database_url
        ) as made,
    ):
        worker, _ = services.worker_services(made.redis_url)
        made.launch("worker", replace(worker, command=(*worker.command, "--max-jobs", TASKS_PER_WORKER)))
        made.wait_until_ready()
        made.sandbox("POST", "settings", {"plainPictures": True, **limits})
        made.sandbox("POST", "credits", {"subscription": MANY, "onDemand": 0})
        yield made


def overhead(speed: float, jobs: int, database_url: str, *, webhook: bool) -> Figures:
    """Seconds from generate to completed beyond FASHN's own, one job after another."""
    dice = random.Random(jobs)
    with installation(speed, 5, database_url, webhook=webhook) as made:
        meter, product, model = Meter(made.children), *photos(made)
        for number in range(jobs):
            # RQ's timers fire on whole seconds: a job begun right behind the last would meet them alike.
            time.sleep(dice.random())
            ask(made, product, model, number)
            wait_for(made, number + 1, meter)
        others = meter.cpu_share_of_others()
        told = timelines(made, speed)
    spent = [job.overhead for job in told]
    stages = {f"{name} s": statistics.median(job.stages[name] for job in told) for name in told[0].stages}
    return {
        "overhead p50 s": statistics.median(spent),
        "worst s": max(spent),
        **stages,
        "CPU of others": others,
    }


def keys(speed: float, jobs: int, concurrency: int, database_url: str) -> Figures:
    """Compare a full queue's time with one key of FASHN and with two."""
    one = drain(speed, jobs, concurrency, database_url)
    second = {"FASHN_API_KEYS": "fa-second", "FASHN_SANDBOX_MORE_KEYS": "fa-second"}
    two = drain(speed, jobs, concurrency, database_url, settings=second)
    return {
        "times the throughput": one["seconds"] / two["seconds"],
        "seconds with one": one["seconds"],
        "seconds with two": two["seconds"],
        "CPU of worker": two["CPU of worker"],
        "CPU of others": two["CPU of others"],
    }


def drain(
    speed: float,
    jobs: int,
    concurrency: int,
    database_url: str,
    *,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Figures:
    """Compare a full queue's time, from resuming to the last end, with jobs x FASHN's time / concurrency."""
    with installation(speed, concurrency, database_url, webhook=True, settings=settings) as made:
        product, model = photos(made)
        made.api("POST", "stats/pause")
        for number in range(jobs):
            ask(made, product, model, number)
        meter, resumed = Meter(made.children), time.time()
        made.api("POST", "stats/resume")
        wait_for(made, jobs, meter)
        shares = {f"CPU of {name}": meter.cpu_share(name) for name in ("worker", "web", "sandbox", "redis")}
        shares["CPU of others"] = meter.cpu_share_of_others()
        told = timelines(made, speed)
    ideal, took = sum(job.own for job in told) / concurrency, last(told) - resumed
    return {"share of ideal": ideal / took, "seconds": took, "ideal seconds": ideal, **shares}


def in_flight(speed: float, jobs: int, database_url: str) -> Figures:
    """Many predictions at once on one worker process, until all their pictures are stored."""
    with installation(speed, jobs, database_url, webhook=True) as made:
        product, model = photos(made)
        meter = Meter(made.children)
        idle = meter.peak("worker")
        for number in range(jobs):
            ask(made, product, model, number)
        wait_for(made, jobs, meter)
        ledger = made.sandbox("GET", "ledger")
        told = timelines(made, speed)
    return {
        "peak MB": meter.peak("worker"),
        "before MB": idle,
        # RQ's scheduler is a fork of the worker: most of its pages are the worker's own.
        "with its scheduler MB": meter.peak_of_all("worker"),
        "most in flight": ledger["peakInFlight"],
        "stored": len(told),
    }


def photos(made: World) -> tuple[str, str]:
    """The ids of a product photo and a model photo of the demo's library."""
    model = made.api("GET", "models?category=full_body")[0]["id"]
    return made.run("-m", "tests.chaos.catalogue").split()[0], model


def ask(made: World, product: str, model: str, seed: int) -> None:
    """Ask for a try-on that nobody has asked for before."""
    options = {"mode": "performance", "seed": seed}
    made.api("POST", "generate", {"productImageId": product, "modelImageId": model, "options": options})


def wait_for(made: World, jobs: int, meter: Meter, *, most_seconds: float = GIVE_UP_SECONDS) -> None:
    """Wait until this number of jobs is completed, without asking for each. Raise TimeoutError."""
    deadline = time.monotonic() + most_seconds
    many = jobs > LOOKS_PER_COUNT * 10
    while made.api("GET", "stats")["jobs"]["completed"] < jobs:
        if time.monotonic() > deadline:
            raise TimeoutError(str(made.api("GET", "stats")))
        meter.look()
        time.sleep(LOOK_SECONDS * (LOOKS_PER_COUNT if many else 1))
    meter.look()


def last(told: list[Timeline]) -> float:
    """When the last job was completed."""
    return max(job.completed for job in told)
