"""Rows that must be there."""

from django.db.models import Model, QuerySet


def first_or[M: Model](error: type[Exception], rows: QuerySet[M]) -> M:
    """Return the first of the rows. Raise the error if there is none."""
    row = rows.first()
    if row is None:
        raise error
    return row
