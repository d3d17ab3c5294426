"""``python -m tests.chaos --seeds 20`` or ``--seed 7``: prints the four counts of each run."""

import argparse
import os
import random
import signal
import sys
import time
from typing import Any

from tests.chaos.run import run_seed, run_seed_on_hosts


def main() -> int:
    """Run the seeds; 0 when every count of every run is zero."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="run this seed (may be repeated)")
    parser.add_argument("--seeds", type=int, default=1, help="run this number of new seeds")
    parser.add_argument("--jobs", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long accidents happen")
    parser.add_argument("--redis-seconds", type=float, default=20.0, help="how long Redis is away")
    parser.add_argument(
        "--database-url",
        default=os.environ.get("TEST_DATABASE_URL", ""),
        help="a PostgreSQL server to make databases on, instead of SQLite",
    )
    parser.add_argument("--hosts", type=int, default=0, help="run this number of hosts that share all else")
    parser.add_argument("--pooled", action="store_true", help="PgBouncer between the hosts and PostgreSQL")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happens when")
    given = parser.parse_args()
    # The end of the command is the end of all that it has started.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    seeds = given.seed or [random.randrange(10**6) for _ in range(given.seeds)]
    dirty = []
    for seed in seeds:
        # Before the run: also a run that breaks off can be repeated.
        say(f"seed {seed}: ", end="\n" if given.verbose else "")
        started = time.monotonic()
        size: dict[str, Any] = {
            "jobs": given.jobs,
            "seconds": given.seconds,
            "redis_seconds": given.redis_seconds,
            "tell": say if given.verbose else keep_to_yourself,
            "complain": say,
        }
        if given.hosts:
            judged = run_seed_on_hosts(seed, number=given.hosts, pooled=given.pooled, **size)
        else:
            judged = run_seed(seed, database_url=given.database_url, **size)
        say(f"{judged}, {time.monotonic() - started:.0f} s")
        if not judged.clean:
            dirty.append(seed)
    say(f"{len(seeds) - len(dirty)} passed, {len(dirty)} failed {dirty or ''}")
    return 1 if dirty else 0


def say(line: str, *, end: str = "\n") -> None:
    """Show a line at once."""
    sys.stdout.write(f"{line}{end}")
    sys.stdout.flush()


def keep_to_yourself(line: str) -> None:
    """Show nothing."""


if __name__ == "__main__":
    sys.exit(main())
