"""The release before and this one on one database, and the way back.

Where a clone has no history, ``test_schema.py`` holds the tables against those of the release before.
"""

from pathlib import Path

import pytest

from tests.upgrades.installation import Installation, installed, previous_release
from tests.upgrades.test_schema import BEFORE

pytestmark = [pytest.mark.slow, pytest.mark.rehearsal]


def test_each_release_goes_on_with_the_others_jobs_and_the_way_back_is_open(tmp_path: Path) -> None:
    old = previous_release(BEFORE["commit"], tmp_path / "old")
    if old is None:
        # The release before is taken from git. test_schema.py compares the tables without it.
        pytest.skip("This clone has no history as far as the release before: git fetch --unshallow")
    with installed(tmp_path / "var", "postgres") as place:
        place.manage("migrate", "--no-input", tree=old)
        [first] = place.play(("begin", "1"), tree=old)
        place.manage("migrate", "--no-input")
        [second] = place.play(("begin", "2"), tree=old)
        *_, third = place.play(("finish", first["job"]), ("finish", second["job"]), ("begin", "3"))
        # The way back: the new tables stay, and the release before works on them.
        *_, fourth = place.play(("finish", third["job"]), ("alone", "4"), tree=old)
        jobs = [first, second, third, fourth]
        assert all_open(place, jobs)

        # The long way back, without the new tables.
        place.play(*(("migrate", label, name) for label, name in last_migrations().items()))
        assert all_open(place, jobs, tree=old)
        place.manage("migrate", "--no-input")
        assert all_open(place, jobs)
        assert place.runs() == 4


def all_open(place: Installation, jobs: list[dict[str, str]], **where: Path) -> bool:
    """Return whether each job is completed and its picture opens."""
    seen = place.play(*(("show", job["key"], job["job"]) for job in jobs), **where)
    return all(job["status"] == "completed" and job["bytes"] > 0 for job in seen)


def last_migrations() -> dict[str, str]:
    """Return the last migration of the release before for each app that has newer ones."""
    from tests.upgrades import schema

    before, now = (
        dict(name.split(".", 1) for name in names) for names in (BEFORE["migrations"], schema.migrations())
    )
    return {label: before.get(label, "zero") for label, name in now.items() if before.get(label) != name}
