"""Queries that Django builds once. To build one costs several times what the database needs to answer it.

A queryset has a ``Parameter`` wherever a value differs from call to call. Its SQL is kept, and rows become
instances in Django's own way, with annotations and ``select_related``. It is for what is asked most often.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast, override

from django.db import connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler


class Parameter(Expression):
    """Stands in a queryset for a value. ``field`` says how the database takes it."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name: Final = name

    @override
    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class _Built(NamedTuple):
    """A compiler that has compiled: it knows what to make of a row. ``values`` has parameters in it."""

    compiler: SQLCompiler
    sql: str
    values: Sequence[Any]


class _Asked:
    """Stands for a queryset's query, and gives a compiler that need not compile."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self._compiler = compiler

    def get_compiler(self, using: str) -> SQLCompiler:
        return self._compiler


class Prepared[Row: Model]:
    """A queryset of whole instances, without ``prefetch_related``. Any thread may ask it."""

    def __init__(self, queryset: QuerySet[Row]) -> None:
        self._queryset = queryset
        self._built: dict[str, _Built] = {}  # by the name of the database

    def ask(self, **values: Any) -> list[Row]:
        """Return the rows for these values of the parameters."""
        database = self._queryset.db
        built = self._built.get(database)
        if built is None:
            built = self._built[database] = self._build(database)
        compiler = copy.copy(built.compiler)
        compiler.connection = connections[database]  # this thread's
        statement = built.sql, _filled(built.values, values, compiler.connection)
        compiler.as_sql = lambda: statement  # type: ignore[method-assign, assignment, misc]
        query = cast(Any, _Asked(compiler))
        return list(QuerySet(self._queryset.model, query, database))

    def _build(self, database: str) -> _Built:
        compiler = self._queryset.all().query.get_compiler(using=database)
        sql, values = compiler.as_sql()
        # They take the connection of each call, and finding them took a quarter of a call.
        converters = compiler.get_converters([column for column, _sql, _name in compiler.select])
        compiler.get_converters = lambda _columns: converters
        return _Built(compiler, sql, values)


def _filled(known: Sequence[Any], values: Mapping[str, Any], connection: Any) -> tuple[Any, ...]:
    return tuple(
        one.output_field.get_db_prep_value(values[one.name], connection)
        if isinstance(one, Parameter)
        else one
        for one in known
    )
