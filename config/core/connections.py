"""The beginning of a connection to PostgreSQL: bounds for a machine that vanishes, and a look for a pooler.

A machine without power or network leaves its transaction open, and the locks in it, until the server's
system notices: after two hours by default. Every other machine would wait for the governor's lock.
"""

import weakref
from typing import Any, Final

from django.db.backends.signals import connection_created

from config.core.prepared import Server

# Seconds. A transaction of ours never waits for anything but the database.
IDLE_SECONDS: Final = 60
ALIVE_SECONDS: Final = {"idle": 10, "interval": 5, "count": 3}

_BEGIN: Final = (
    "SELECT pg_backend_pid(), "
    f"set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS}s', false), "
    + ", ".join(
        f"set_config('tcp_keepalives_{name}', '{value}', false)" for name, value in ALIVE_SECONDS.items()
    )
)
# A pool of psycopg's hands out the same connection again and again.
_begun: "Final[weakref.WeakSet[Any]]" = weakref.WeakSet()


def begin(connection: Any, **_: object) -> None:
    """Set the bounds, and adapt to a pooler that gives each transaction another connection.

    A pooler such as PgBouncer tells a process id of its own. Behind it nothing may outlive a transaction: no
    cursor, and no prepared statement, because its name may mean another statement on the next connection. The
    bounds are the pooler's own there (docs/scaling.md).
    """
    if connection.vendor != "postgresql" or connection.connection in _begun:
        return
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN)
        process_id = cursor.fetchone()[0]
    if process_id != connection.connection.info.backend_pid:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
        Server.plans = False
    _begun.add(connection.connection)


def watch() -> None:
    """Have each new connection begin so."""
    connection_created.connect(begin, dispatch_uid="config.core.connections")
