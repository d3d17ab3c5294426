"""The times of the attempts: ten within 75 hours, as the Standard Webhooks specification advises."""

import random
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

HOUR: Final = 3600
# Seconds from each failed attempt to the next one.
PAUSES: Final = (5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
MOST_ATTEMPTS: Final = len(PAUSES) + 1
# A pause is up to a tenth shorter or longer, so that what failed together does not come back together.
JITTER: Final = 0.1
LONGEST_WISH: Final = timedelta(hours=24)


def next_time(attempts: int, now: datetime, *, wish: timedelta | None = None) -> datetime | None:
    """Return when to try again after this number of attempts, None after the last one.

    ``wish`` is the answer's Retry-After: not before it.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    pause = timedelta(seconds=PAUSES[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
    return now + (pause if wish is None else max(pause, min(wish, LONGEST_WISH)))


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """Return the time that a Retry-After asks for: seconds, or a date. None for none and for nonsense."""
    if header is None:
        return None
    if (seconds := header.strip()).isdecimal():
        return timedelta(seconds=min(int(seconds[:9]), LONGEST_WISH.total_seconds()))
    try:
        return max(timedelta(0), parsedate_to_datetime(header) - now)
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None
