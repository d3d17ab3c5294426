"""The constraint behind an IntegrityError: code that expects one must not swallow the others."""

from typing import Any, cast

from django.db import IntegrityError
from django.db.models import Field, Model, UniqueConstraint


def violates(error: IntegrityError, model: type[Model], name: str) -> bool:
    """Return whether the error comes from the unique constraint of this name.

    PostgreSQL names the constraint. SQLite names its columns only.
    """
    constraint = next(one for one in model._meta.constraints if one.name == name)
    if not isinstance(constraint, UniqueConstraint):
        raise TypeError(f"{name} is not a unique constraint.")
    diagnostics = getattr(error.__cause__, "diag", None)
    if diagnostics is not None:
        return bool(diagnostics.constraint_name == name)
    fields = [cast("Field[Any, Any]", model._meta.get_field(field)) for field in constraint.fields]
    columns = ", ".join(f"{model._meta.db_table}.{field.column}" for field in fields)
    return str(error) == f"UNIQUE constraint failed: {columns}"
