"""Quiet hours, in which people sleep: a span of the day in a time zone. Plain Python, no Django."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final, override
from zoneinfo import ZoneInfo

_FORM: Final = re.compile(r"(\d{2}:\d{2})-(\d{2}:\d{2})(?: ([\w/+-]+))?")


@dataclass(frozen=True, slots=True)
class Span:
    """From a time of the day up to another one, which may be of the next day."""

    begins: time
    ends: time
    zone: ZoneInfo

    @override
    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M} {self.zone.key}"

    def has(self, at: datetime) -> bool:
        """Return whether a moment is in the span."""
        now = at.astimezone(self.zone).time()
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends


def quiet_hours(text: str) -> Span | None:
    """Return the span of a text such as ``22:00-07:00 Asia/Seoul``, None for an empty one.

    Raise ValueError for any other text.
    """
    if not text:
        return None
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(text)
    try:
        zone = ZoneInfo(match[3] or "UTC")
    except (LookupError, OSError) as error:
        raise ValueError(text) from error
    return Span(time.fromisoformat(match[1]), time.fromisoformat(match[2]), zone)
