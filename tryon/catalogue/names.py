"""A product's number and the view, from the name of a photo's file.

upload-names.js does the same in the browser, before anything is sent.
"""

import re
from typing import Final, NamedTuple

DEFAULT_PATTERN: Final = "{product}_{view}"
MOST_PRODUCT: Final = 100  # characters, as the columns have them
MOST_VIEW: Final = 40

_PLACE: Final = re.compile(r"\{(\w*)\}")
_PARTS: Final = {"product": "(?P<product>.+)", "view": "(?P<view>.+?)"}


class NameParts(NamedTuple):
    """A product's number, and the view or an empty text. ``matches``: the name is like the pattern."""

    product: str
    view: str
    matches: bool


def is_pattern(pattern: str) -> bool:
    """Return whether a pattern has {product} once, {view} at most once, and something between them."""
    places = _PLACE.findall(pattern)
    is_known = (
        places.count("product") == 1 and set(places) <= _PARTS.keys() and len(set(places)) == len(places)
    )
    return is_known and "}{" not in pattern and not set("{}") & set(_PLACE.sub("", pattern))


def name_parts(stem: str, pattern: str) -> NameParts:
    """Split a file's name without its extension. A name unlike the pattern is the product's number itself."""
    texts = _PLACE.split(pattern)  # text, name, text, name, text
    expression = "".join(_PARTS[part] if at % 2 else re.escape(part) for at, part in enumerate(texts))
    match = re.fullmatch(expression, stem, re.IGNORECASE)
    found = match.groupdict() if match else {}
    product, view = found.get("product", stem).strip(), found.get("view", "").strip().lower()
    return NameParts(product[:MOST_PRODUCT], view[:MOST_VIEW], match is not None)
