"""A database that can't serve now: no connection is free, it restarts, or another server has taken over."""

from typing import Any, ClassVar, Final

import structlog
from django.db import InterfaceError, InternalError, OperationalError, connection
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError

logger = structlog.stdlib.get_logger(__name__)

RETRY_SECONDS: Final = 5
# PostgreSQL's word for a write to a server that is a standby now.
READ_ONLY: Final = "25006"
# SQLite's code for what is wrong with the statement, such as a table that is not there.
SQLITE_ERROR: Final = 1


class DatabaseUnavailable(DomainError):
    code: ClassVar[str] = "database_unavailable"
    status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    message: Any = _("The database can't be reached right now. Try again in a few seconds.")
    wait: ClassVar[int] = RETRY_SECONDS


def is_database_away(error: BaseException | None) -> bool:
    """Return whether the same request may succeed as soon as the database is well."""
    cause = error.__cause__ if error is not None else None
    match error:
        case OperationalError():
            return getattr(cause, "sqlite_errorcode", None) != SQLITE_ERROR
        case InternalError():
            return getattr(cause, "sqlstate", None) == READ_ONLY
        case _:
            return isinstance(error, InterfaceError)


def note_outage(error: BaseException) -> None:
    """Log it, and leave a server that is a standby now: its name may lead to the new primary."""
    logger.error("database_unavailable", error=type(error.__cause__ or error).__name__)
    if isinstance(error, InternalError) and not connection.in_atomic_block:
        connection.close()
