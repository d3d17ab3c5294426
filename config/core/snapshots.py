"""Snapshots: what a request has read from the database, kept in Redis for the requests soon after it.

A snapshot is of a subject, such as a job. Each subject has a version in Redis, a random text, and a snapshot
counts only while the version is the one that it was made under. A change of what a subject's snapshots show
drops the version after its commit. A reader takes the version before it reads the database, so rows as they
were before a change never count after it.

A version that could not be dropped (Redis away, the process killed right after its commit) is why snapshots
live for seconds only. Without Redis there are none.
"""

import hashlib
import inspect
import secrets
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.dispatch import Signal

from config.core import clock
from config.core.redis.outage import cache_outage

SNAPSHOT_SECONDS: Final = 10
VERSION_SECONDS: Final = 300

# ``subjects`` whose versions were dropped, sent after the commit.
outdated: Final = Signal()

type Subject = UUID | str


def version_name(subject: Subject) -> str:
    """Return the name of a subject's version in the cache."""
    return f"version:{subject}"


def new_version(subject: Subject) -> str | None:
    """Give a subject its version, and return it. None if another reader was first, or Redis is away."""
    if cache_outage.is_on():
        return None
    version = secrets.token_hex(8)
    return version if cache.add(version_name(subject), version, VERSION_SECONDS) else None


def release_of(*shapes: Any) -> str:
    """Return a text that changes with the source of these classes and functions.

    It belongs in the names of snapshots: processes of two releases share Redis during a deploy.
    """
    sources = "".join(inspect.getsource(sys.modules[shape.__module__]) for shape in shapes)
    return hashlib.sha256(sources.encode()).hexdigest()[:16]


def life_of(seconds: int) -> int:
    """Return the seconds that a snapshot with signed addresses may live: they must outlive it by far."""
    return min(seconds, settings.SIGNED_URL_SECONDS // 10)


class Fresh[T](NamedTuple):
    """A value that was just read, and the time until which it is true without a change."""

    value: T
    until: datetime | None = None


def remembered[T](subject: Subject, key: tuple[Any, ...], read: Callable[[], Fresh[T]]) -> T:
    """Return what ``read`` reads, from a snapshot if there is one. ``key`` has all that it depends on."""
    name = f"snapshot:{hashlib.sha256(repr(key).encode()).hexdigest()}"
    of_version = version_name(subject)
    found: dict[str, Any] = cache.get_many([of_version, name])
    version, snapshot = found.get(of_version), found.get(name)
    if snapshot is not None and snapshot[0] == version and is_true_still(snapshot[2]):
        kept: T = snapshot[1]
        return kept
    version = version or new_version(subject)  # before the rows are read
    fresh = read()
    if version is not None:
        cache.set(name, (version, *fresh), life_of(SNAPSHOT_SECONDS))
    return fresh.value


def is_true_still(until: datetime | None) -> bool:
    """Return whether a snapshot's time has not come yet."""
    return until is None or until > clock.now()


def outdate_after_commit(subjects: Iterable[Subject]) -> None:
    """Let no snapshot of these count any more, once the current transaction has committed."""
    subjects = [*subjects]
    names = [version_name(subject) for subject in subjects]

    def outdate() -> None:
        cache.delete_many(names)
        outdated.send(None, subjects=subjects)

    transaction.on_commit(outdate)
