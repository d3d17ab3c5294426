"""What goes wrong, and when: the same for the same seed."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis, RedisError

from tests.chaos.world import World

# Seeds by which the sandbox breaks one job's own call: its submission hangs or is cut off after it was
# accepted, or its webhook is sent twice, before the answer, late, or never. One fault a job: a submission
# without an answer whose webhook is lost as well is nobody's to know.
JOB_FAULTS: Final = (424226, 424228, 424250, 424251, 424252, 424253, 424215)
REFUSALS: Final = (
    "InternalServerError",
    "service_unavailable",
    "RateLimitExceeded",
    "ConcurrencyLimitExceeded",
    "OutOfCredits",
)
KILLABLE: Final = ("worker-1", "worker-2", "worker-1", "worker-2", "maintenance", "cron")


@dataclass(frozen=True, slots=True)
class Accident:
    """Something that happens ``at`` so many seconds after the start."""

    at: float
    name: str
    cause: Callable[[World], None]


def accidents(seed: int, *, seconds: float, redis_seconds: float) -> list[Accident]:
    """The schedule of a run, in order."""
    dice = random.Random(seed)
    planned: list[Accident] = []

    def plan(name: str, cause: Callable[[World], None]) -> None:
        planned.append(Accident(dice.uniform(0.5, seconds), name, cause))

    for _ in range(dice.randint(3, 5)):
        name = dice.choice(KILLABLE)
        plan(f"SIGKILL {name}", lambda world, name=name: world.kill(name))  # type: ignore[misc]
    for _ in range(dice.randint(1, 2)):
        plan("FLUSHALL", flush)
    plan(f"Redis stopped for {redis_seconds:g} s", lambda world: stop_redis(world, redis_seconds))
    for _ in range(dice.randint(3, 5)):
        fault, times = dice.choice(REFUSALS), dice.randint(1, 4)
        plan(
            f"run answers {fault} x {times}",
            lambda world, fault=fault, times=times: order(world, "run", fault, times),  # type: ignore[misc]
        )
    times = dice.randint(2, 8)
    plan(f"status answers 5xx x {times}", lambda world: order(world, "status", "bad_gateway", times))
    plan("media answers 5xx x 2", lambda world: order(world, "media", "service_unavailable", 2))
    return sorted(planned, key=lambda accident: accident.at)


def job_options(seed: int, number: int) -> list[dict[str, Any]]:
    """The options of each job: about a third meet a fault of their own."""
    dice = random.Random(seed + 1)
    return [
        {"seed": dice.choice(JOB_FAULTS) if dice.random() < 0.35 else 1000 + index} for index in range(number)
    ]


def order(world: World, endpoint: str, fault: str, times: int) -> None:
    """Let the sandbox refuse the next calls."""
    world.sandbox("POST", "faults", {"endpoint": endpoint, "fault": fault, "times": times})


def flush(world: World) -> None:
    """Empty Redis, unless it is away just now."""
    try:
        with Redis.from_url(world.broker.url, socket_timeout=1) as connection:
            connection.flushall()
    except RedisError:
        return


def stop_redis(world: World, seconds: float) -> None:
    """Redis is gone for a while, with everything in it."""
    world.children["redis"].stop()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        world.keep_alive(without="redis")
        time.sleep(0.2)
    world.keep_alive()
