"""One seed: a world, a shopper, accidents, recovery, verdict."""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.chaos.host_schedule import CUT_OFF_SECONDS, host_accidents
from tests.chaos.hosts import hosts
from tests.chaos.load import Shopper
from tests.chaos.schedule import REFUSALS, Accident, accidents, job_options
from tests.chaos.verdict import Verdict, verdict
from tests.chaos.world import World, world

# The longest wait that the product itself may choose is the circuit breaker's five minutes.
HEAL_SECONDS: Final = 420.0
LOOK_SECONDS: Final = 2.0
TICK_SECONDS: Final = 0.1


def run_seed(
    seed: int,
    *,
    jobs: int,
    seconds: float,
    redis_seconds: float,
    refusals: Sequence[str] = REFUSALS,
    database_url: str = "",
    tell: Callable[[str], None],
    complain: Callable[[str], None],
) -> Verdict:
    """Run one seed and judge it. ``tell`` gets a line for each accident, ``complain`` for each fault found.

    The folder with the run's database and logs, ``tryon-chaos-<seed>-…`` among the temporary files, stays
    when something went wrong.
    """
    planned = accidents(seed, seconds=seconds, redis_seconds=redis_seconds, refusals=refusals)
    folder = Path(tempfile.mkdtemp(prefix=f"tryon-chaos-{seed}-"))
    with world(folder / "var", database_url=database_url) as made:
        judged = live(made, planned, seed, jobs=jobs, seconds=seconds, tell=tell)
        complain_about(made, judged, folder, complain)
    clear(folder, judged)
    return judged


def run_seed_on_hosts(
    seed: int,
    *,
    number: int,
    pooled: bool,
    jobs: int,
    seconds: float,
    away_seconds: float = CUT_OFF_SECONDS,
    redis_seconds: float,
    refusals: Sequence[str] = REFUSALS,
    tell: Callable[[str], None],
    complain: Callable[[str], None],
) -> Verdict:
    """Run one seed on a number of hosts, as ``run_seed`` does. ``pooled`` puts PgBouncer before PostgreSQL.

    At the end each host opens pictures, whichever host has stored them.
    """
    planned = host_accidents(
        seed,
        hosts=number,
        seconds=seconds,
        away_seconds=away_seconds,
        redis_seconds=redis_seconds,
        refusals=refusals,
    )
    folder = Path(tempfile.mkdtemp(prefix=f"tryon-chaos-{seed}-"))
    with hosts(folder / "var", number=number, pooled=pooled) as made:
        judged = live(made, planned, seed, jobs=jobs, seconds=seconds, tell=tell)
        unopened, openings = made.unopened()
        judged = replace(judged, unopened=unopened, openings=openings)
        complain_about(made, judged, folder, complain)
    clear(folder, judged)
    return judged


def live(
    made: World,
    planned: list[Accident],
    seed: int,
    *,
    jobs: int,
    seconds: float,
    tell: Callable[[str], None],
) -> Verdict:
    """Let a shopper and the accidents go about, and judge when all has recovered."""
    shopper = Shopper(made, seed)
    with ThreadPoolExecutor(1, "shopper") as pool:
        try:
            shopping = pool.submit(shopper.shop, job_options(seed, jobs), seconds)
            suffer(made, planned, tell)
            wait_for(made, shopping)
        finally:
            shopper.stop.set()
    judged = recover(made, shopper)
    tell(f"  requests sent again: {shopper.unanswered}; processes that ended: {made.obituary()}")
    return judged


def complain_about(made: World, judged: Verdict, folder: Path, complain: Callable[[str], None]) -> None:
    """Tell what went wrong, if anything did."""
    if not judged.clean:
        complain(f"  kept: {folder}")
        complain(made.run("-m", "tests.chaos.stories", *sorted(judged.suspects)))


def clear(folder: Path, judged: Verdict) -> None:
    """Remove the folder of a run without a fault."""
    if judged.clean:
        shutil.rmtree(folder)


def suffer(made: World, planned: list[Accident], tell: Callable[[str], None]) -> None:
    """Let the accidents happen, and restart what they kill."""
    started = time.monotonic()
    for accident in planned:
        while time.monotonic() < started + accident.at:
            made.keep_alive()
            time.sleep(TICK_SECONDS)
        tell(f"  {time.monotonic() - started:5.1f} s  {accident.name}")
        accident.cause(made)


def wait_for(made: World, shopping: Future[None]) -> None:
    """Let the shopper finish, who gives up by himself. Raise what ended him."""
    while not shopping.done():
        made.keep_alive()
        time.sleep(TICK_SECONDS)
    shopping.result()


def recover(made: World, shopper: Shopper) -> Verdict:
    """Break nothing more, and wait until the product has cleaned up behind everything, or long enough."""
    made.sandbox("DELETE", "faults")
    deadline = time.monotonic() + HEAL_SECONDS
    while True:
        made.keep_alive()
        # The rows last: what they say can only be newer than what FASHN says.
        judged = verdict(made.sandbox("GET", "ledger"), made.rows(), shopper.asked)
        if judged.clean or time.monotonic() > deadline:
            return judged
        time.sleep(LOOK_SECONDS)
