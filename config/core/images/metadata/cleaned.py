"""The result of a rewriting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cleaned:
    """``content``: the file without metadata. ``has_end``: False for a JPEG whose end marker was missing."""

    content: bytes
    has_end: bool = True
