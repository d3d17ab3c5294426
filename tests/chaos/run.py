"""One seed: a world, shoppers, accidents, recovery, verdict."""

import itertools
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import requests

from tests.chaos.schedule import Accident, accidents, job_options
from tests.chaos.verdict import Verdict, verdict
from tests.chaos.world import World, world

HEAL_SECONDS: Final = 240.0


def run_seed(
    seed: int,
    *,
    jobs: int,
    seconds: float,
    redis_seconds: float,
    database_url: str = "",
    say: Callable[[str], None],
) -> Verdict:
    """Run one seed and judge it. ``say`` gets a line for each accident."""
    with (
        tempfile.TemporaryDirectory(prefix=f"tryon-chaos-{seed}-") as folder,
        world(Path(folder) / "var", database_url=database_url) as made,
    ):
        shopper = threading.Thread(target=shop, args=(made, job_options(seed, jobs), seconds))
        shopper.start()
        suffer(made, accidents(seed, seconds=seconds, redis_seconds=redis_seconds), say)
        shopper.join()
        return recover(made, say)


def shop(made: World, options: list[dict[str, Any]], seconds: float) -> None:
    """Ask for all the try-ons in the time given. A request that met an outage is sent again."""
    products = made.run("-m", "tests.chaos.catalogue").split()
    models = [photo["id"] for photo in made.api("GET", "models")]
    pairs = itertools.cycle(itertools.product(products, models))
    for (product, model), chosen in zip(pairs, options, strict=False):
        body = {"productImageId": product, "modelImageId": model, "options": chosen}
        while True:
            try:
                made.api("POST", "generate", body)
            except requests.RequestException:
                time.sleep(0.5)
            else:
                break
        time.sleep(seconds / len(options) / 2)


def suffer(made: World, planned: list[Accident], say: Callable[[str], None]) -> None:
    """Let the accidents happen, and restart what they kill."""
    started = time.monotonic()
    for accident in planned:
        while time.monotonic() < started + accident.at:
            made.keep_alive()
            time.sleep(0.1)
        say(f"  {time.monotonic() - started:5.1f} s  {accident.name}")
        accident.cause(made)


def recover(made: World, say: Callable[[str], None]) -> Verdict:
    """Break nothing more, and wait until the product has cleaned up behind everything, or long enough."""
    made.sandbox("DELETE", "faults")
    deadline = time.monotonic() + HEAL_SECONDS
    while True:
        made.keep_alive()
        judged = verdict(made.sandbox("GET", "ledger"), made.rows())
        if judged.clean or time.monotonic() > deadline:
            break
        time.sleep(2)
    say(f"  {made.deaths} processes were restarted")
    if not judged.clean:
        explain(made, say)
    return judged


def explain(made: World, say: Callable[[str], None]) -> None:
    """What became of the jobs that count against us."""
    for line in made.run("-m", "tests.chaos.stories").splitlines():
        say(f"  {line}")
