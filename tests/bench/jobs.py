"""The cost of a job beside FASHN's own time: ``python -m tests.bench.jobs``, or ``make bench-jobs``.

FASHN's own time of a prediction is completedAt - createdAt in the sandbox's ledger, divided by the sandbox's
speed; a job's times are those of its row. The sandbox answers plain pictures here: composing them costs ten
times what the product does with them.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bench.flood import flood
from tests.bench.scenarios import Figures, drain, in_flight, keys, overhead

# How many try-ons one key asks for in the flood.
FLOOD_JOBS = int(os.environ.get("FLOOD_JOBS", "400"))


@dataclass(frozen=True)
class Scenario:
    """``run`` takes a database URL. The aim is for the figure called ``judged``."""

    judged: str
    aim: float
    run: Callable[[str], Figures] = field(repr=False)


SCENARIOS = {
    "webhook": Scenario("overhead p50 s", 0.15, lambda url: overhead(4.0, 15, url, webhook=True)),
    "timer": Scenario("overhead p50 s", 1.5, lambda url: overhead(1.0, 10, url, webhook=False)),
    "drain": Scenario("share of ideal", 0.95, lambda url: drain(2.0, 300, 5, url)),
    "keys": Scenario("times the throughput", 2, lambda url: keys(2.0, 240, 5, url)),
    "flood": Scenario("FASHN idle %", 2, lambda url: flood(4.0, FLOOD_JOBS, 5, url)),
    # At a tenth of FASHN's speed the first is not done before the last is submitted.
    "in-flight": Scenario("peak MB", 200, lambda url: in_flight(0.1, 500, url)),
}


def main() -> None:
    """Run the scenarios and print their medians."""
    parser = argparse.ArgumentParser(prog="make bench-jobs", description=__doc__)
    parser.add_argument(
        "--database-url",
        default=os.environ.get("TEST_DATABASE_URL", ""),
        help="a PostgreSQL server to make databases on, instead of SQLite",
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=list(SCENARIOS))
    given = parser.parse_args()
    for name in [given.only] if given.only else SCENARIOS:
        scenario = SCENARIOS[name]
        runs = [scenario.run(given.database_url) for _ in range(given.runs)]
        sys.stdout.write(report(name, scenario, runs))
        sys.stdout.flush()


def report(name: str, scenario: Scenario, runs: list[Figures]) -> str:
    """The medians of the runs, each with its lowest and highest."""
    lines = [f"{name}, medians of {len(runs)} (lowest to highest):"]
    for key in runs[0]:
        values = [run[key] for run in runs]
        middle = statistics.median(values)
        line = f"  {key:22} {middle:8.3f}  ({min(values):.3f} to {max(values):.3f})"
        if key == scenario.judged:
            line += f"  {middle / scenario.aim:.2f} x the aim of {scenario.aim:g}"
        lines.append(line)
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
