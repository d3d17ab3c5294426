"""DATABASE_URL as an entry of DATABASES."""

import re
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from environ import Env

# "u:pa/ss@host" ends the host name at the slash: a part of the password would be taken for the host, and
# printed by whatever can't connect to it. Blanks and new lines are dropped by whatever splits an address.
_UNQUOTED: Final = re.compile(r"[/?#].*@|[\s\x00-\x1f]")
_SQLITE: Final = re.compile(r"sqlite://(?:/.+|/?:memory:|/)")
_POSTGRES: Final = re.compile(r"(?:postgres|postgresql|psql|pgsql)://(?P<rest>.+)")


def database_settings(url: str, *, max_age: int, pool_size: int) -> dict[str, Any]:
    """Return the entry. Raise ImproperlyConfigured, with no part of the address in its text.

    ``pool_size`` lets many threads share few connections of PostgreSQL; 0 means no pool.
    """
    if _SQLITE.fullmatch(url):
        return _parsed(url) | {
            "CONN_MAX_AGE": max_age,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                # Writers queue at BEGIN instead of failing with "database is locked" in a transaction.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    postgres = _POSTGRES.fullmatch(url)
    if postgres is None or _UNQUOTED.search(postgres["rest"]):
        raise _refusal()
    database = {**_parsed(url), "CONN_MAX_AGE": max_age, "CONN_HEALTH_CHECKS": True}
    if pool_size:
        # Django takes either a pool or persistent connections. Options of the address must stay.
        database["CONN_MAX_AGE"] = 0
        database.setdefault("OPTIONS", {})["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": 10,  # seconds that a request waits for a connection to become free
        }
    return database


def _parsed(url: str) -> dict[str, Any]:
    try:
        database: dict[str, Any] = Env.db_url_config(url)
    except ValueError:  # quotes the part that should be a port, often the end of a password
        raise _refusal() from None
    return database


def _refusal() -> ImproperlyConfigured:
    return ImproperlyConfigured(
        "DATABASE_URL must be postgres://user:password@host:port/name or sqlite:///path. "
        "Special characters in the password are written as %40 for @, %2F for / and so on."
    )
