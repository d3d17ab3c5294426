"""Queries that Django builds once, and PostgreSQL plans once. Both cost several times what an answer costs.

A queryset has a ``Parameter`` wherever a value differs from call to call. Its SQL is kept, and rows become
instances in Django's own way, with annotations and ``select_related``. It is for what is asked most often.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final, NamedTuple, cast, override

from django.db import DatabaseError, connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

# The states of SQL for a statement that is not prepared, that is already, and whose columns have changed.
UNKNOWN_STATEMENT: Final = frozenset({"26000", "42P05", "0A000"})


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
        connection = connections[database]  # this thread's
        built = self._built.get(database)
        if built is None:
            built = self._built[database] = self._build(database)
        compiler = copy.copy(built.compiler)
        compiler.connection = connection
        statement = built.sql, _filled(built.values, values, connection)
        compiler.as_sql = lambda: statement  # type: ignore[method-assign, assignment, misc]
        query = cast(Any, _Asked(compiler))
        try:
            with planned_once(connection):
                return list(QuerySet(self._queryset.model, query, database))
        except DatabaseError as error:
            if not is_of_another_connection(error):
                raise
            Server.plans = False
            return list(QuerySet(self._queryset.model, query, database))

    def _build(self, database: str) -> _Built:
        compiler = self._queryset.all().query.get_compiler(using=database)
        sql, values = compiler.as_sql()
        # They take the connection of each call, and finding them took a quarter of a call.
        converters = compiler.get_converters([column for column, _sql, _name in compiler.select])
        compiler.get_converters = lambda _columns: converters
        return _Built(compiler, *_with_constants(sql, values, connections[database]))


class Server:
    """``plans`` is off once a pooler was noticed that gives each question another connection."""

    plans: ClassVar[bool] = True


@contextmanager
def planned_once(connection: Any) -> Iterator[None]:
    """Let PostgreSQL prepare what is asked, and know it by its text. Any other question is asked as before.

    Django binds values itself, so that to PostgreSQL each question is another.
    """
    connection.ensure_connection()
    server = connection.connection
    if connection.vendor != "postgresql" or connection.in_atomic_block or not Server.plans:
        yield
        return
    from django.db.backends.postgresql.base import ServerBindingCursor

    usual = server.cursor_factory, server.prepare_threshold
    server.cursor_factory, server.prepare_threshold = ServerBindingCursor, 0
    try:
        yield
    finally:
        server.cursor_factory, server.prepare_threshold = usual


def is_of_another_connection(error: DatabaseError) -> bool:
    """Return whether the server does not know a statement that it has prepared, or knows another."""
    return getattr(error.__cause__, "sqlstate", "") in UNKNOWN_STATEMENT


def _with_constants(sql: str, values: Sequence[Any], connection: Any) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL with all values in it but parameters. PostgreSQL does not guess the types of others."""
    if connection.vendor != "postgresql":
        return sql, tuple(values)
    with connection.cursor() as cursor:
        texts = [
            "%s" if isinstance(one, Parameter) else cursor.mogrify("%s", [one]).replace("%", "%%")
            for one in values
        ]
    parts = sql.split("%s")
    whole = "".join(part + text for part, text in zip(parts, [*texts, ""], strict=True))
    return whole, tuple(one for one in values if isinstance(one, Parameter))


def _filled(known: Sequence[Any], values: Mapping[str, Any], connection: Any) -> tuple[Any, ...]:
    return tuple(
        one.output_field.get_db_prep_value(values[one.name], connection)
        if isinstance(one, Parameter)
        else one
        for one in known
    )
