"""The tables of a release, as a file: ``python -m tests.upgrades.schema`` writes it when a release is cut.

The next release is held against the file, so a copy of the code without history can be checked too.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("previous.json")


def columns() -> dict[str, dict[str, Any]]:
    """Return the columns of each of our tables as the database has them.

    ``free`` says that an INSERT may leave the column out: it may be null, or has a default.
    """
    from django.apps import apps
    from django.db import connection

    found: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if "site-packages" in (apps.get_app_config(model._meta.app_label).path):
                continue
            keys = connection.introspection.get_primary_key_columns(cursor, model._meta.db_table) or []
            rows = connection.introspection.get_table_description(cursor, model._meta.db_table)
            found[model._meta.db_table] = {
                row.name: {
                    "free": row.null_ok or row.default is not None or row.name in keys,
                    "null": row.null_ok,
                }
                for row in rows
            }
    return found


def rules() -> dict[str, list[str]]:
    """Return the names of the constraints of each of our tables."""
    from django.apps import apps

    return {
        model._meta.db_table: sorted(str(rule.name) for rule in model._meta.constraints)
        for model in apps.get_models()
        if model._meta.constraints
    }


def migrations() -> list[str]:
    """Return the names of our migrations."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    return sorted(
        f"{label}.{name}"
        for label, name in MigrationLoader(None).disk_migrations
        if "site-packages" not in apps.get_app_config(label).path
    )


def write() -> None:
    """Write the file for the release that is checked out."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(VAR_DIR=folder, DATABASE_URL=f"sqlite:///{folder}/db.sqlite3")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        state = {
            "commit": commit.strip(),
            "migrations": migrations(),
            "tables": {
                table: {name: column["null"] for name, column in sorted(found.items())}
                for table, found in sorted(columns().items())
            },
            "rules": rules(),
        }
    FILE.write_text(json.dumps(state, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    write()
