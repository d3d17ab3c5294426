"""Words that a row keeps, and words for its options."""

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.translation import gettext


def english(words: Any) -> str:
    """Return words as a row keeps them: a page translates them for who looks."""
    with translation.override("en"):
        return str(words)[:500]


def words_of(options: Mapping[str, object]) -> str:
    """Return options as a person reads them, such as ``2k · quality · #ffffff``."""
    shown = [
        str(options[name]) for name in ("resolution", "mode", "category", "background") if name in options
    ]
    return " · ".join(shown) or gettext("Standard")
