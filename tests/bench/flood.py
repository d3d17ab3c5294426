"""The flood: one key asks for very many try-ons, then another key asks for one.

A flood that does not end in time is measured as far as it came.
"""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

import requests

from tests.bench.meter import Meter
from tests.bench.scenarios import MANY, Figures, installation, last, photos, wait_for
from tests.bench.timeline import Timeline, timelines
from tests.chaos.world import World

# As many as web has threads: more would only wait there.
CLIENTS: Final = 8
MOST_SECONDS: Final = 600.0


def flood(speed: float, jobs: int, concurrency: int, database_url: str) -> Figures:
    """Measure how soon the other key's job starts, and how long FASHN is idle while jobs wait."""
    with installation(
        speed, concurrency, database_url, webhook=True, settings={"QUEUE_PER_REQUESTER": str(MANY)}
    ) as made:
        product, model = photos(made)
        issue = "from config.shops.keys import key_issue; print(key_issue(name='Other')[1])"
        other = made.run("manage.py", "shell", "--no-imports", "-c", issue).split()[-1]
        meter = Meter(made.children)
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(
                clients.map(
                    lambda seed: ask_as(made, made.handout.api_key, product, model, seed), range(jobs)
                )
            )
        asked = time.time()
        ask_as(made, other, product, model, jobs)
        with suppress(TimeoutError):
            wait_for(made, jobs + 1, meter, most_seconds=MOST_SECONDS)
        shares = {f"CPU of {name}": meter.cpu_share(name) for name in ("worker", "web", "sandbox")}
        shares["CPU of others"] = meter.cpu_share_of_others()
        told = timelines(made, speed)
    other_job = next((job for job in told if job.created >= asked), None)
    return {
        "FASHN idle %": 100 * idle_share(told),
        "slots until the other": math.inf if other_job is None else slots_until(other_job, told),
        "other waited s": math.inf if other_job is None else other_job.started - other_job.created,
        "jobs done %": 100 * len(told) / (jobs + 1),
        "slots in use %": 100 * sum(job.own for job in told) / concurrency / (last(told) - first(told)),
        "seconds": last(told) - first(told),
        **shares,
    }


def ask_as(made: World, key: str, product: str, model: str, seed: int) -> None:
    """Ask with a key for a try-on that nobody has asked for before."""
    options = {"mode": "performance", "seed": seed}
    answer = requests.post(
        f"{made.handout.url}/api/tryon/generate",
        json={"productImageId": product, "modelImageId": model, "options": options},
        headers={"Authorization": f"Api-Key {key}"},
        timeout=60,
    )
    answer.raise_for_status()


def slots_until(other: Timeline, told: list[Timeline]) -> int:
    """Return how many free slots were given out since the other key asked, its own included."""
    return sum(other.created < job.started <= other.started for job in told)


def first(told: list[Timeline]) -> float:
    """Return when the first call was accepted."""
    return min(job.accepted for job in told)


def idle_share(told: list[Timeline]) -> float:
    """Return the share of time, up to the last submission, in which FASHN worked on nothing."""
    idle, busy_until = 0.0, first(told)
    for job in sorted(told, key=lambda job: job.accepted):
        idle += max(0.0, job.accepted - busy_until)
        busy_until = max(busy_until, job.done)
    return idle / (max(job.accepted for job in told) - first(told))
