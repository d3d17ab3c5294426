"""The ways in which a person chooses the products of a plan."""

from typing import Final, TypedDict

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tryon.models import GarmentCategory

WORDS_SHOWN: Final = 10


class Source(TextChoices):
    """The way in which a person chooses the product photos of a plan."""

    CHOSEN = "chosen", _("The photos chosen in the list")
    NUMBERS = "numbers", _("These products")
    FILTER = "filter", _("A collection, a tag or a category")
    ALL = "all", _("All products")


# The ids of the photos chosen in the list are in no field that a person can empty, so they may wait.
FIELDS_OF: Final = {Source.NUMBERS: ("numbers",), Source.FILTER: ("collection", "tag", "category")}


class ChosenBy(TypedDict):
    """A source and what was filled in for it, as the row of a plan keeps them: at most ten of the words."""

    source: str
    words: list[str]
    is_more: bool


def chosen_words(kept: ChosenBy | None) -> str:
    """Return how the products of a plan were chosen, for its page. Plans of the board have no such words."""
    if kept is None:
        return ""
    source, names = Source(kept["source"]), dict(GarmentCategory.choices)
    shown = [str(names.get(word, word)) if source == Source.FILTER else word for word in kept["words"]]
    words, label = ", ".join(shown) + (" …" if kept["is_more"] else ""), source.label
    return f"{label}: {words}" if words else str(label)
