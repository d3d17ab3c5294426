"""A cleanup of many results and its memory: ``python -m tests.bench.cleanup``, or ``make bench-cleanup``.

Two installations, one with a tenth of the results, each cleaned by ``manage.py cleanup`` in a process of its
own: time for each result, and the peak memory of the process (what the kernel says when it ends).
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

from tests.bench.installation import PROJECT, installation, manage

RESULTS: Final = 10_000
TASKS: Final = ("expired_results", "stored_files")

type Figures = dict[str, float]


def clean(task: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a task; its seconds and its peak memory in MB. Forced: more than half of the files are to go."""
    began = time.monotonic()
    with subprocess.Popen(
        manage("cleanup", task, "--force"), cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL
    ) as process:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, task)
    return time.monotonic() - began, usage.ru_maxrss / 1024


def measure(results: int, database_url: str) -> Figures:
    """Return the figures of one installation, by task.

    It has ``results`` results: nine of ten have expired, and as many files again have lost their rows.
    """
    figures: Figures = {}
    with installation(database_url, LOG_LEVEL="WARNING") as environment:
        fill = [sys.executable, "-m", "tests.bench.fill", str(results)]
        subprocess.run(fill, cwd=PROJECT, env=environment, check=True)
        for task in TASKS:
            seconds, peak = clean(task, environment)
            figures |= {f"{task} s": seconds, f"{task} peak MB": peak}
    return figures


def main() -> None:
    """Measure both sizes and print medians and ratios."""
    parser = argparse.ArgumentParser(prog="make bench-cleanup", description=__doc__)
    parser.add_argument("--database-url", default=os.environ.get("TEST_DATABASE_URL", ""))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--results", type=int, default=RESULTS)
    given = parser.parse_args()
    sizes = (given.results // 10, given.results)
    runs = [[measure(size, given.database_url) for size in sizes] for _ in range(given.runs)]
    write(f"{'medians of ' + str(given.runs):28}{sizes[0]:>10}{sizes[1]:>10}     ratio\n")
    for name in runs[0][0]:
        few, many = (statistics.median(run[index][name] for run in runs) for index in range(2))
        write(f"{name:28}{few:10.1f}{many:10.1f}{many / few:10.2f}\n")


def write(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
