"""The accidents of hosts: one is cut off, one is killed, Redis fails over. The same for the same seed."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from tests.chaos.hosts import Hosts
from tests.chaos.schedule import REFUSALS, Accident, flush, plan_fault

# Longer than a lease: other hosts have the jobs when the host is there again.
CUT_OFF_SECONDS: Final = 25.0
KILLED_SECONDS: Final = 10.0


def host_accidents(
    seed: int,
    *,
    hosts: int,
    seconds: float,
    away_seconds: float = CUT_OFF_SECONDS,
    killed_seconds: float = KILLED_SECONDS,
    redis_seconds: float,
    refusals: Sequence[str] = REFUSALS,
) -> list[Accident]:
    """The schedule of a run. Two different hosts are struck, at times that may overlap."""
    dice = random.Random(seed)
    planned: list[Accident] = []

    def plan(at: float, name: str, cause: Callable[[Any], None]) -> None:
        planned.append(Accident(at, name, cause))

    def some_time() -> float:
        return dice.uniform(0.5, seconds)

    cut, killed = dice.sample(range(hosts), 2)
    at = some_time()
    plan(at, f"host-{cut + 1} cut off for {away_seconds:g} s", partial(Hosts.cut_off, number=cut))
    plan(at + away_seconds, f"host-{cut + 1} is back", partial(Hosts.reconnect, number=cut))
    at = some_time()
    plan(at, f"host-{killed + 1} killed", partial(Hosts.power_off, number=killed))
    plan(at + killed_seconds, f"host-{killed + 1} started", partial(Hosts.power_on, number=killed))
    at = some_time()
    plan(at, "Redis's primary killed", Hosts.fail_over)
    plan(at + redis_seconds, "Redis's server started", Hosts.restore_redis)
    plan(some_time(), "FLUSHALL", flush)
    for _ in range(dice.randint(2, 4)):
        name = f"host-{dice.randrange(hosts) + 1}/{dice.choice(('worker', 'worker', 'web'))}"
        plan(some_time(), f"SIGKILL {name}", partial(Hosts.kill, name=name))
    for fault in refusals:
        plan_fault(planned, some_time(), "run", fault, dice.randint(1, 3))
    plan_fault(planned, some_time(), "status", "bad_gateway", dice.randint(2, 8))
    plan_fault(planned, some_time(), "media", "service_unavailable", dice.randint(2, 30))
    return sorted(planned, key=lambda accident: accident.at)
