"""PgBouncer in transaction mode: each transaction may have another connection of PostgreSQL's."""

from pathlib import Path
from typing import Final

import pytest

from tests.pgbouncer import SETTINGS, pgbouncer, program
from tests.postgres import fresh_database, private_postgres
from tests.processes import output_of

pytestmark = pytest.mark.slow

# Threads ask at once, so that the pooler changes their connections.
ASK: Final = """
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from config.core.prepared import Parameter, Prepared, Server

call_command("migrate", "contenttypes", verbosity=0)
kinds = [ContentType.objects.create(app_label="shop", model=f"kind-{number}") for number in range(8)]
column = ContentType._meta.pk
ours = Prepared(ContentType.objects.filter(pk=Parameter("id", column)))
others = Prepared(ContentType.objects.filter(app_label="shop", pk__gt=Parameter("id", column)).order_by("pk"))
def ask(number):
    # Half of the threads prepare the one first, half the other: both get the same name.
    questions = (ours, others) if number % 2 else (others, ours)
    kind = kinds[number % 8]
    found = {question: question.ask(id=kind.pk) for question in questions}
    assert found[ours] == [kind] and found[others] == [one for one in kinds if one.pk > kind.pk], found
    return len(list(ContentType.objects.filter(app_label="shop").iterator(1)))
with ThreadPoolExecutor(8) as threads:
    assert set(threads.map(ask, range(80))) == {8}
with connection.cursor() as cursor:
    cursor.execute("SHOW idle_in_transaction_session_timeout")
    bound = cursor.fetchone()[0]
print(Server.plans, connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False), bound)
"""


def asked(url: str, folder: Path) -> str:
    """Return what a process of the product says of its connections."""
    return output_of(ASK, DATABASE_URL=url, VAR_DIR=str(folder))


def test_behind_a_pooler_nothing_outlives_a_transaction(tmp_path: Path) -> None:
    try:
        program()
    except FileNotFoundError as error:
        # A developer's machine may be without PgBouncer. .ci/run installs it.
        pytest.skip(str(error))
    few = SETTINGS.replace("default_pool_size = 20", "default_pool_size = 3")
    with private_postgres() as server:
        with fresh_database(server) as direct:
            assert asked(direct, tmp_path) == "True False 1min"
        with fresh_database(server) as behind, pgbouncer(behind, settings=few) as pooled:
            plans, has_no_cursors, _of_its_connection = asked(pooled, tmp_path).split()
            assert (plans, has_no_cursors) == ("False", "True")
