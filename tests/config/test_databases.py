"""Ways to connect to PostgreSQL."""

import os
from pathlib import Path

import pytest
from django.conf import settings

from tests.processes import output_of

# Eight threads ask forty times, two have a connection at one time, and the server counts the connections.
ASK = """
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from django.db import connection, connections
from django.test import Client
def ask(_):
    answer = Client(headers={"host": "localhost"}).get("/readyz")
    connections.close_all()
    return answer.status_code
def hold(both):
    connection.ensure_connection()
    both.wait()
    connections.close_all()
with ThreadPoolExecutor(8) as threads:
    assert set(threads.map(ask, range(40))) == {200}
    list(threads.map(hold, [Barrier(2)] * 2))
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool-test'")
    print(cursor.fetchone()[0])
connections.close_all()
connection.close_pool()
"""


def test_a_pool_is_shared_by_the_threads() -> None:
    url = os.environ["DATABASE_URL"]
    if not url.startswith("postgres"):
        # Not run twice: .ci/run runs this file on PostgreSQL as well.
        pytest.skip("SQLite has no connections to pool; make test-postgres runs this")
    told = output_of(ASK, DB_POOL_SIZE="2", PGAPPNAME="pool-test", VAR_DIR=str(settings.VAR_DIR))
    assert int(told) == 2


@pytest.mark.parametrize("pool_size", ["0", "2"])
def test_options_of_the_address_are_kept(pool_size: str) -> None:
    address = "postgres://shop@db.example/shop?sslmode=require"
    folder = str(settings.VAR_DIR)
    options = output_of(
        "from config import settings; print(settings.DATABASES['default']['OPTIONS'])",
        DATABASE_URL=address,
        DB_POOL_SIZE=pool_size,
        VAR_DIR=folder,
    )
    assert "'sslmode': 'require'" in options
    assert ("'max_size': 2" in options) == (pool_size == "2")


@pytest.mark.parametrize("folder", ["var", "a+b%20c?d#e f"])
def test_without_an_address_the_database_is_a_file_in_the_folder(tmp_path: Path, folder: str) -> None:
    name = output_of(
        "from config import settings; print(settings.DATABASES['default']['NAME'])",
        DATABASE_URL="",
        VAR_DIR=str(tmp_path / folder),
    )
    assert name == f"{tmp_path / folder}/db.sqlite3"
