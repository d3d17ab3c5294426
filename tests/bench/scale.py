"""Measure calls that must not grow with the years: ``python -m tests.bench.scale``, or ``make bench-scale``.

One installation has 1,000 jobs, the other 300,000; 60 and 10,000 of them are queued, so that both have two
full pages. A process for each makes the same calls. The output is the ratio of their medians, and the aim is
at most 1.5. ``first`` is the first call of a process, which remembers nothing yet.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Final

from tests.bench.installation import PROJECT, installation

FEW, MANY = (1_000, 60), (300_000, 10_000)
AIM: Final = 1.5

type Figures = dict[str, list[float]]


def measure(jobs: int, queued: int, database_url: str) -> Figures:
    """Return the milliseconds of each call, by its name, on a fresh installation with ``jobs`` jobs."""
    settings = {"LOG_LEVEL": "ERROR", "ALLOWED_HOSTS": "testserver", "METRICS_TOKEN": "bench"}
    settings |= {"TRYON_DAILY_LIMIT": "1000000"}
    with installation(database_url, **settings) as environment:
        calls = [sys.executable, "-m", "tests.bench.scale_calls", str(jobs), str(queued)]
        done = subprocess.run(
            calls, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        found: Figures = json.loads(done.stdout)
        return found


def main() -> None:
    """Measure both sizes and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--database-url", default=os.environ.get("TEST_DATABASE_URL", ""))
    parser.add_argument("--jobs", type=int, default=MANY[0])
    given = parser.parse_args()
    few = measure(*FEW, given.database_url)
    many = measure(given.jobs, given.jobs * MANY[1] // MANY[0], given.database_url)
    lines = [f"{'milliseconds, medians':44}{FEW[0]:>10,}{given.jobs:>10,}{'ratio':>8}{'first':>8}"]
    for name, times in few.items():
        small, large = statistics.median(times), statistics.median(many[name])
        mark = "" if large / small <= AIM else "  above the aim"
        lines.append(f"{name:44}{small:10.2f}{large:10.2f}{large / small:8.2f}{many[name][0]:8.1f}{mark}")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
