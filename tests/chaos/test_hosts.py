"""The short version of ``make chaos HOSTS=3``: two hosts behind PgBouncer and Sentinel, all counts zero."""

import shutil
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from tests.chaos.host_schedule import host_accidents
from tests.chaos.hosts import hosts
from tests.chaos.run import live
from tests.pgbouncer import program

pytestmark = [pytest.mark.slow, pytest.mark.rehearsal]


def needs() -> str:
    """Return what is missing on a developer's machine. .ci/run installs it."""
    try:
        program()
    except FileNotFoundError as error:
        return str(error)
    return "" if shutil.which("nginx") else "nginx is not installed"


# A developer's machine may be without. .ci/run installs all of it.
@pytest.mark.skipif(bool(needs()), reason=needs())
def test_hosts_that_fail_lose_nothing_and_a_host_that_differs_does_not_start(tmp_path: Path) -> None:
    lines: list[str] = []
    planned = host_accidents(
        3, hosts=2, seconds=6, away_seconds=4, killed_seconds=2, redis_seconds=4, refusals=()
    )
    with hosts(tmp_path / "var", number=2, pooled=True, helpers_on=1, cables=False) as made:
        ours = made.environment["SECRET_KEY"]
        made.environment["SECRET_KEY"] = "of another machine"
        with pytest.raises(CalledProcessError):
            made.run("manage.py", "rqworker", "tryon", "--burst")
        log = (made.folder / "logs" / "commands.log").read_text()
        assert log.count('"event": "machine_refused"') == 1
        assert '"settings": ["SECRET_KEY"]' in log
        made.environment["SECRET_KEY"] = ours
        judged = live(made, planned, 3, jobs=4, seconds=6, tell=lines.append)
        unopened, openings = made.unopened()
    assert judged.clean, "\n".join([str(judged), *lines])
    assert judged.paid
    assert openings
    assert unopened == 0
