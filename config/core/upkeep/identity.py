"""The identity of the database itself, which a copy of its rows does not have."""

import hashlib
from typing import Final

from django.db import OperationalError, ProgrammingError, connection, transaction
from django.utils.crypto import salted_hmac

DIGITS: Final = 12
# Of SQLSTATE: not supported, not allowed, and a file of the server that can't be read.
HIDDEN: Final = ("0A", "42", "58")

# The cluster's id is the same on a standby, and another one after a dump is restored elsewhere.
_POSTGRESQL: Final = """
    SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())
    FROM pg_control_system()
"""


def database_identity() -> str:
    """Return a short text that all machines of an installation agree on, and its copies do not.

    A file of SQLite has no id of its own, and a service may hide its cluster's id. There SECRET_KEY stands
    in, because each installation should have its own.
    """
    hidden = salted_hmac("tryon-studio.database", "", algorithm="sha256").hexdigest()[:DIGITS]
    return cluster_identity() or hidden


def cluster_identity() -> str:
    """Return PostgreSQL's own id of the database, as a short text. Empty where there is none to be had.

    Raise OperationalError while the database does not answer: without its id it would be another one.
    """
    if connection.vendor == "postgresql":
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_POSTGRESQL)
                return hashlib.sha256(repr(cursor.fetchone()).encode()).hexdigest()[:DIGITS]
        except ProgrammingError:
            pass
        except OperationalError as error:
            if not str(getattr(error.__cause__, "sqlstate", None)).startswith(HIDDEN):
                raise
    return ""
