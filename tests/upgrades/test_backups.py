"""Dump, wipe, restore, as docs/upgrades.md says: pictures open, jobs go on, and nothing is paid again."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.postgres import program
from tests.upgrades.installation import Installation, installed

pytestmark = [pytest.mark.slow, pytest.mark.rehearsal]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_was_lost_comes_back_and_nothing_is_paid_again(tmp_path: Path, kind: str) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    with installed(tmp_path / "var", kind) as place:
        place.manage("migrate", "--no-input")
        done, under_way = place.play(("alone", "1"), ("begin", "2"))
        dump(place, backup)
        wipe(place)
        restore(place, backup)
        place.manage("migrate", "--no-input")  # as each start does

        shown, finished, hit = place.play(
            ("show", done["key"], done["job"]),
            ("finish", under_way["job"]),
            ("again", done["key"], done["wish"]),
        )
        assert (shown["status"], shown["bytes"] > 0) == ("completed", True)
        assert finished["status"] == "completed"
        assert (hit["status"], hit["credits"]) == ("completed", 0)
        assert place.runs() == 2
        place.manage("cleanup", "stored_files")  # it takes no file that a row names
        for job in (done, under_way):
            [shown] = place.play(("show", job["key"], job["job"]))
            assert shown["bytes"] > 0


def dump(place: Installation, backup: Path) -> None:
    """Copy the database first: a file that a row names is there when the files are copied."""
    if place.database.startswith("sqlite"):
        into = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', [sys.argv[2]])"
        run(sys.executable, "-c", into, str(place.folder / "db.sqlite3"), str(backup / "db.sqlite3"))
    else:
        run(program("pg_dump"), "--format=custom", f"--file={backup / 'db.dump'}", place.database)
    shutil.copytree(place.folder / "media", backup / "media")


def wipe(place: Installation) -> None:
    """Lose the database, the files and Redis."""
    if place.database.startswith("sqlite"):
        for file in place.folder.glob("db.sqlite3*"):
            file.unlink()
    else:
        server, _, name = place.database.rpartition("/")
        run(program("dropdb"), "--force", f"--maintenance-db={server}/postgres", name)
        run(program("createdb"), f"--maintenance-db={server}/postgres", name)
    shutil.rmtree(place.folder / "media")
    redis.Redis.from_url(place.environment["REDIS_URL"]).flushall()


def restore(place: Installation, backup: Path) -> None:
    if place.database.startswith("sqlite"):
        shutil.copy(backup / "db.sqlite3", place.folder / "db.sqlite3")
    else:
        run(
            program("pg_restore"),
            "--no-owner",
            "--exit-on-error",
            f"--dbname={place.database}",
            str(backup / "db.dump"),
        )
    # Not the marks: a restored database looks like another installation, and cleanup would refuse.
    shutil.copytree(backup / "media", place.folder / "media", ignore=shutil.ignore_patterns("installations"))


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
