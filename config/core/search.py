"""Searches in texts on SQLite: ``icontains`` folds case in every alphabet, as it does on PostgreSQL.

SQLite's own LIKE folds A to Z alone, and JSON is stored with escapes there ("\\u00e9").
"""

import json
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Field, JSONField, Model, Q
from django.db.models.lookups import IContains
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

# Each word is one more condition for the database: six thousand took it a minute and a half.
MOST_SEARCH_WORDS: Final = 10
MOST_SEARCH_CHARACTERS: Final = 100
FEW: Final = 200
TOO_MUCH_TO_SEARCH: Final = _("Use at most ten words and 100 characters.")


def is_too_much_to_search(text: str) -> bool:
    """Return whether a search has too many words or characters."""
    return len(text) > MOST_SEARCH_CHARACTERS or len(text.split()) > MOST_SEARCH_WORDS


def check_search(text: str) -> None:
    """Raise ValidationError for a search with too many words or characters."""
    if is_too_much_to_search(text):
        raise ValidationError(TOO_MUCH_TO_SEARCH)


def related_contains(model: type[Model], relation: str, field: str, text: str, *, few: int = FEW) -> Q:
    """Return the condition for the rows of ``model`` whose related row has this text in a field.

    Those of ``few`` related rows at most are found by the relation's index, and those of more among the rows
    that a list shows first. The other way around, either would look at all rows of the model.
    """
    related: Any = model
    for name in relation.split("__"):
        related = related._meta.get_field(name).related_model
    rows = related._default_manager.filter(**{f"{field}__icontains": text}).order_by()
    found = list(rows.values_list("pk", flat=True)[: few + 1])
    return (
        Q((f"{relation}__in", found)) if len(found) <= few else Q((f"{relation}__{field}__icontains", text))
    )


def as_uuid(text: str) -> UUID | None:
    """Return the text as a UUID, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


@JSONField.register_lookup
@Field.register_lookup
class FoldedContains(IContains):
    """``icontains``. On SQLite both sides are folded by Python, row by row."""

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        if not self.rhs_is_direct_value():
            return super().as_sql(compiler, connection)
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        folded = "folded_json" if isinstance(self.lhs.output_field, JSONField) else "folded"
        return (
            rf"{folded}({lhs}) LIKE {rhs} ESCAPE '\'",
            (*lhs_params, *(str(text).casefold() for text in rhs_params)),
        )


def folded(text: object) -> str | None:
    """Return a value's text without case. The database has no value: None."""
    return None if text is None else str(text).casefold()


@lru_cache(1024)  # each word of a search asks for the same rows again
def folded_json(text: str | None) -> str | None:
    """Return stored JSON without case and without escapes."""
    if text is None or "\\u" not in text:
        return folded(text)
    return json.dumps(json.loads(text), ensure_ascii=False).casefold()


@receiver(connection_created, dispatch_uid="folded")
def add_functions(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        for function in (folded, folded_json):
            connection.connection.create_function(function.__name__, 1, function, deterministic=True)
