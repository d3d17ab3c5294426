"""Finding the picture that an identical request has paid for already.

The database knows it. Django's cache remembers which job made it, which spares a query; whoever takes the
hint reads the job's row anyway and checks it there (``is_live``). Without Redis the database is asked.
"""

from typing import Final
from uuid import UUID

from django.core.cache import cache

from config.core import clock
from results.models import Review, TryOnResult
from results.selectors import result_live

LONGEST_SECONDS: Final = 24 * 3600


def remembered(cache_key: str) -> UUID | None:
    """The job that answered for the key the last time: a hint, which may be out of date."""
    job_id: str | None = cache.get(_name(cache_key))
    return None if job_id is None else UUID(job_id)


def look_up(cache_key: str) -> TryOnResult | None:
    """The live result for the key, by the database. It is remembered, never beyond its expiry."""
    result = result_live(cache_key)
    if result is not None:
        seconds = (result.expires_at - clock.now()).total_seconds()
        cache.set(_name(cache_key), str(result.job_id), min(seconds, LONGEST_SECONDS))
    return result


def forget(*cache_keys: str | None) -> None:
    """The results of these keys are gone, or must not be shared any more. Call it after the commit."""
    if names := [_name(key) for key in cache_keys if key]:
        cache.delete_many(names)


def is_live(result: TryOnResult | None, cache_key: str) -> bool:
    """Whether a result, as just read, may be shared for a key: its own, not expired, not rejected."""
    return (
        result is not None
        and result.cache_key == cache_key
        and result.expires_at > clock.now()
        and result.review != Review.REJECTED
    )


def _name(cache_key: str) -> str:
    return f"reuse:{cache_key}"
