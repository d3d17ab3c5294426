"""The flood: one key asks for very many try-ons, then another key asks for one."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import requests

from tests.bench.meter import Meter
from tests.bench.scenarios import MANY, Figures, installation, last, photos, wait_for
from tests.bench.timeline import Timeline, timelines
from tests.chaos.world import World

# As many as web has threads: more would only wait there.
CLIENTS: Final = 8


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
        ask_as(made, other, product, model, jobs)
        wait_for(made, jobs + 1, meter)
        shares = {f"CPU of {name}": meter.cpu_share(name) for name in ("worker", "web", "sandbox")}
        shares["CPU of others"] = meter.cpu_share_of_others()
        told = timelines(made, speed)
    return {
        "FASHN idle %": 100 * idle_share(told),
        "slots until the other": slots_until_the_other(told),
        "other waited s": the_other(told).started - the_other(told).created,
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


def the_other(told: list[Timeline]) -> Timeline:
    """Return the other key's job: the one that was asked for last."""
    return max(told, key=lambda job: job.created)


def slots_until_the_other(told: list[Timeline]) -> int:
    """Return how many free slots were given out since the other key asked, its own included."""
    other = the_other(told)
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
