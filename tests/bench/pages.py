"""Measure the back office: ``python -m tests.bench.pages``, or ``make bench-pages``.

A fresh installation gets the rows of ``manage.py seed_scale``. Then a process asks for each page several
times. The output has the medians; the aim is 300 ms. ``first`` is the first call of a process, which
remembers nothing yet. CPU is that of the process: PostgreSQL's is in the time alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Final

from tests.bench.installation import PROJECT, installation, manage

AIM_MS: Final = 300


def main() -> None:
    """Seed, measure, and print the table."""
    parser = argparse.ArgumentParser(prog="make bench-pages", description=__doc__)
    parser.add_argument("--database-url", default=os.environ.get("TEST_DATABASE_URL", ""))
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--only", default="", help="measure the pages whose names have this word")
    given = parser.parse_args()
    settings = {"LOG_LEVEL": "ERROR", "ALLOWED_HOSTS": "testserver"}
    size = ["--photos", str(given.photos), "--results", str(given.results)]
    with installation(given.database_url, **settings) as environment:
        seed = [*manage("seed_scale"), *size]
        subprocess.run(seed, cwd=PROJECT, env=environment, check=True, stdout=sys.stderr)
        calls = [sys.executable, "-m", "tests.bench.page_calls", given.only]
        done = subprocess.run(
            calls, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
    lines = [f"{'milliseconds, medians':28}{'time':>8}{'CPU':>8}{'first':>8}{'queries':>9}{'first':>7}"]
    for name, page in json.loads(done.stdout).items():
        time = statistics.median(page["times"])
        lines.append(
            f"{name:28}{time:8.0f}{statistics.median(page['cpu']):8.0f}{page['first']:8.0f}"
            f"{page['queries']:9}{page['first_queries']:7}{'' if time <= AIM_MS else '  above the aim'}"
        )
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
