"""The search for the picture that an identical request has already paid for.

The database has the answer. Django's cache remembers which job made the picture, which saves a query. It is
only a hint: the caller reads the job's row anyway and checks it (``is_live``). Without Redis there is none.
"""

from typing import Final
from uuid import UUID

from django.core.cache import cache

from config.core import clock
from results.models import Review, TryOnResult
from results.selectors import result_live

LONGEST_SECONDS: Final = 24 * 3600


def remembered(cache_key: str) -> UUID | None:
    """Return the job that last answered for the key: a hint, which may be out of date."""
    job_id: str | None = cache.get(_name(cache_key))
    return None if job_id is None else UUID(job_id)


def look_up(cache_key: str) -> TryOnResult | None:
    """Return the key's live result from the database, and remember its job until it expires."""
    result = result_live(cache_key)
    if result is not None:
        seconds = (result.expires_at - clock.now()).total_seconds()
        cache.set(_name(cache_key), str(result.job_id), min(seconds, LONGEST_SECONDS))
    return result


def forget(*cache_keys: str | None) -> None:
    """Forget keys whose results are gone or no longer shared. Call it after the commit."""
    if names := [_name(key) for key in cache_keys if key]:
        cache.delete_many(names)


def is_live(result: TryOnResult | None, cache_key: str) -> bool:
    """Return whether a freshly read result has this key and is neither expired nor rejected."""
    return (
        result is not None
        and result.cache_key == cache_key
        and result.expires_at > clock.now()
        and result.review != Review.REJECTED
    )


def _name(cache_key: str) -> str:
    return f"reuse:{cache_key}"
