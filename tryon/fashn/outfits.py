"""Outfits: the garments that go together on one person, and the order in which they are put on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from tryon.fashn.options import ACCESSORIES, OptionError, TryOnOptions

# A garment covers what was put on before it, so trousers go first and a bag last. FASHN finds out what a
# garment without a category is. It keeps its place beside the tops.
_ORDER: Final = {"bottoms": 0, "one-pieces": 0, "auto": 1, "tops": 1, "shoes": 2, "bags": 3}


class Outfit(NamedTuple):
    """The options of the whole try-on, and the garments' places in the request, in the order of the steps."""

    options: TryOnOptions
    places: tuple[int, ...]


def _(message: str) -> str:
    """Mark a message for translation and return it unchanged. The door that shows it translates it."""
    return message


def outfit(categories: Sequence[str | None], options: TryOnOptions) -> Outfit:
    """Return the try-on of one to three garments of these categories.

    One garment gives the options of the short form, so both meet in one picture. Raise OptionError, whose
    field is ``garments.1.category`` or ``options.category``.
    """
    chosen = [category or "auto" for category in categories]
    if options.category is not None:
        raise OptionError("options.category", _("Leave it out, and give each garment its category."))
    for place, category in enumerate(chosen):
        _check_beside(category, chosen[:place], f"garments.{place}.category")
    if options.garment_photo_type is not None and set(chosen) <= set(ACCESSORIES):
        raise OptionError("options.garmentPhotoType", _("Leave it out: it is not for shoes and bags."))
    places = tuple(sorted(range(len(chosen)), key=lambda place: _ORDER[chosen[place]]))
    if len(chosen) > 1:
        return Outfit(replace(options, garments=tuple(chosen[place] for place in places)), places)
    return Outfit(_of_one(chosen[0], options), places)


def _check_beside(category: str, others: Sequence[str], field: str) -> None:
    """Refuse a garment that would cover one of the others."""
    if category != "auto" and category in others:
        raise OptionError(field, _("An outfit has one garment of each category."))
    clothes = [other for other in (category, *others) if other not in ACCESSORIES]
    if category not in ACCESSORIES and len(clothes) > 1 and "one-pieces" in clothes:
        raise OptionError(field, _("Beside a one-piece, an outfit has shoes and bags only."))


def _of_one(category: str, options: TryOnOptions) -> TryOnOptions:
    if category in ACCESSORIES:
        return options.for_tryon_max()
    # tryon-max takes no category.
    return options if options.resolution or category == "auto" else replace(options, category=category)
