"""Saved filters: a person names a choice of rows of a list, and comes back to it."""

from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Model
from django.http import QueryDict

from tryon.catalogue.models import SavedFilter

MOST: Final = 30  # of a person, for each list
MOST_LETTERS: Final = 60
# Of the page, not of the choice of rows.
PASSING: Final = ("p", "e", "all", "layout")


def query_of(text: str) -> str:
    """Return the part of an address that chooses rows, cut to what the column takes."""
    query = QueryDict(text, mutable=True)
    for name in PASSING:
        query.pop(name, None)
    encoded = query.urlencode()
    return encoded if len(encoded) <= 1000 else ""


def filters_of(person: User, library: type[Model]) -> list[SavedFilter]:
    """Return a person's filters of a list, by name."""
    return list(SavedFilter.objects.filter(person=person, library=library._meta.label_lower)[:MOST])


def filter_save(person: User, library: type[Model], name: str, query: str) -> bool:
    """Keep a filter. One of the same name is replaced. Return False if it has no name or no choice."""
    name, query = " ".join(name.split())[:MOST_LETTERS], query_of(query)
    mine: dict[str, Any] = {"person": person, "library": library._meta.label_lower}
    is_new = not SavedFilter.objects.filter(name=name, **mine).exists()
    if not name or not query or (is_new and SavedFilter.objects.filter(**mine).count() >= MOST):
        return False
    SavedFilter.objects.update_or_create(name=name, **mine, defaults={"query": query})
    return True
