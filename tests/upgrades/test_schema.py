"""The tables of this release serve the release before it, as a file has them: both run during a deploy."""

import json
from typing import Any, Final

import pytest
from django.db import connection

from tests.upgrades import schema

pytestmark = pytest.mark.django_db

BEFORE: Final[dict[str, Any]] = json.loads(schema.FILE.read_text())

# New rules on tables that the release before writes, each with the reason why its rows keep it.
KEPT_BY_ALL: Final[dict[str, str]] = {
    "batch_pair_once_a_seed": "the release before writes each pair of a batch once, with the default seed",
}

# What the linter of migrations finds and is no danger, by migration and code, each with the reason.
HARMLESS: Final[dict[tuple[str, str], str]] = {
    ("batches.0003_seeds", "ADD_UNIQUE"): "only plans and batches wait, for a second with a million pairs",
}


def test_the_release_before_finds_its_columns_and_may_leave_out_the_new_ones() -> None:
    now = schema.columns()
    faults = []
    for table, before in BEFORE["tables"].items():
        there = now.get(table, {})
        faults += [f"{table}.{name} is gone" for name in before if name not in there]
        faults += [
            f"{table}.{name} may no longer be empty"
            for name, was_null in before.items()
            if was_null and name in there and not there[name]["null"]
        ]
        faults += [
            f"{table}.{name} has neither a default in the database nor may it be empty"
            for name, column in there.items()
            if name not in before and not column["free"]
        ]
    assert faults == []


def test_no_new_rule_refuses_what_the_release_before_writes() -> None:
    now = schema.rules()
    new = {name for table in BEFORE["tables"] for name in now.get(table, [])}
    new -= {name for names in BEFORE["rules"].values() for name in names}
    assert new == set(KEPT_BY_ALL)


def test_no_migration_of_the_release_before_is_gone() -> None:
    assert set(BEFORE["migrations"]) - set(schema.migrations()) == set()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole file with each change")
def test_new_migrations_hold_no_lock_while_they_work() -> None:
    from django_migration_linter import MigrationLinter
    from django_migration_linter.sql_analyser.analyser import analyse_sql_statements

    linter = MigrationLinter(no_cache=True, no_output=True)

    def dangers(name: str) -> set[tuple[str, str]]:
        statements = linter.get_sql(*name.split(".", 1))
        errors, _, warnings = analyse_sql_statements(linter.sql_analyser_class, statements)
        return {(name, str(issue.code)) for issue in (*errors, *warnings)}

    new = set(schema.migrations()) - set(BEFORE["migrations"])
    assert {danger for name in new for danger in dangers(name)} == set(HARMLESS)
    old = "tryon.0024_calls_by_payer"  # it made an index and kept writers waiting
    assert (old, "CREATE_INDEX") in dangers(old)
