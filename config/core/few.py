"""Rows that few others point at.

A page of a caller's rows walks an index in the order of the list until the page is full. For a caller with
few rows that is a walk to its end on SQLite, which does not know how many there are. PostgreSQL does.
"""

from typing import Any, Final

from django.db import connection
from django.db.models import Model, QuerySet

FEW: Final = 500


def narrowed[M: Model](rows: QuerySet[M], field: str, own: QuerySet[Any, Any]) -> QuerySet[M]:
    """Return the same rows, for a page of a list, looked up one by one if they are few.

    ``own`` has the values of ``field`` of all rows that may be in the list.
    """
    if connection.vendor == "sqlite" and own[:FEW].count() < FEW:
        return rows.filter(**{f"{field}__in": own})
    return rows
