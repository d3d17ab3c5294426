"""The accidents and their times: the same for the same seed.

Each run has all three 429s, a burst of each 5xx, Redis emptied and Redis stopped, and workers killed at any
time, also while Redis is away. About a third of the jobs meet a fault of their own.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from redis import RedisError

from config.core.redis.addresses import connect
from tests.chaos.world import World

# Seeds by which the sandbox breaks one job's own call: its submission hangs or is cut off after it was
# accepted, or its webhook is sent twice, before the answer, late, or never; or FASHN fails once. One fault a
# job: of a submission without an answer whose webhook is lost as well, nobody can know. A worker killed in
# the middle of a submission can still bring the two together; the verdict counts such a picture apart.
JOB_FAULTS: Final = (424226, 424228, 424250, 424251, 424252, 424253, 424215)
JOB_FAULT_SHARE: Final = 0.4
# Some jobs have a second paid call, which takes no seed.
BACKGROUND_SHARE: Final = 0.2
REFUSALS: Final = (
    "RateLimitExceeded",
    "ConcurrencyLimitExceeded",
    "OutOfCredits",
    "InternalServerError",
    "bad_gateway",
    "service_unavailable",
)
WORKERS: Final = ("worker-1", "worker-2")
HELPERS: Final = ("maintenance", "cron")
AFTERMATH_SECONDS: Final = 5.0
# Longer than a lease: another worker has the job when this one wakes.
FROZEN_SECONDS: Final = 25.0


@dataclass(frozen=True, slots=True)
class Accident:
    """An accident that happens ``at`` seconds after the start."""

    at: float
    name: str
    cause: Callable[[World], None]


def accidents(
    seed: int, *, seconds: float, redis_seconds: float, refusals: Sequence[str] = REFUSALS
) -> list[Accident]:
    """The schedule of a run, in order. Redis's absence and a frozen worker may outlast ``seconds``."""
    dice = random.Random(seed)
    planned: list[Accident] = []

    def plan(at: float, name: str, cause: Callable[[World], None]) -> None:
        planned.append(Accident(at, name, cause))

    def some_time() -> float:
        return dice.uniform(0.5, seconds)

    away = dice.uniform(1.0, max(2.0, seconds - redis_seconds))
    back = away + redis_seconds
    plan(away, f"Redis stopped for {redis_seconds:g} s", partial(World.stop, name="redis"))
    plan(back, "Redis started", partial(World.resume, name="redis"))
    plan(dice.uniform(0.5, away), "FLUSHALL", flush)
    if dice.random() < 0.5:
        plan(dice.uniform(back + 0.5, back + AFTERMATH_SECONDS), "FLUSHALL", flush)
    kills = [(some_time(), dice.choice(WORKERS)) for _ in range(dice.randint(3, 5))]
    kills += [(dice.uniform(away, back), dice.choice(WORKERS)), (some_time(), dice.choice(HELPERS))]
    for at, name in kills:
        plan(at, f"SIGKILL {name}", partial(World.kill, name=name))
    frozen, name = some_time(), dice.choice(WORKERS)
    plan(frozen, f"SIGSTOP {name}", partial(World.freeze, name=name))
    plan(frozen + FROZEN_SECONDS, f"SIGCONT {name}", partial(World.thaw, name=name))
    for fault in refusals:
        plan_fault(planned, some_time(), "run", fault, dice.randint(1, 3))
    plan_fault(planned, some_time(), "run", "hang", 1, model="background-remove")
    plan_fault(planned, some_time(), "status", "bad_gateway", dice.randint(2, 8))
    plan_fault(planned, some_time(), "media", "service_unavailable", dice.randint(2, 30))
    return sorted(planned, key=lambda accident: accident.at)


def plan_fault(
    planned: list[Accident], at: float, endpoint: str, fault: str, times: int, **limits: str
) -> None:
    """Let the sandbox break the next calls of an endpoint."""
    order = {"endpoint": endpoint, "fault": fault, "times": times, **limits}
    cause = partial(World.sandbox, method="POST", path="faults", body=order)
    planned.append(Accident(at, f"{endpoint} answers {fault} x {times}", cause))


def job_options(seed: int, number: int) -> list[dict[str, Any]]:
    """The options of each job. Every fault comes before any comes twice; no seed breaks a job by chance."""
    dice = random.Random(seed + 1)
    faults = dice.sample(JOB_FAULTS, len(JOB_FAULTS))
    options: list[dict[str, Any]] = [{"seed": 1000 + index} for index in range(number)]
    for place, index in enumerate(dice.sample(range(number), round(number * JOB_FAULT_SHARE))):
        options[index]["seed"] = faults[place % len(faults)]
    for index in dice.sample(range(number), round(number * BACKGROUND_SHARE)):
        options[index]["background"] = "#f5f5f5"
    return options


def flush(world: World) -> None:
    """Empty Redis, unless it has not come back yet."""
    try:
        with connect(world.redis_url) as connection:
            connection.flushall()
    except RedisError:
        return
