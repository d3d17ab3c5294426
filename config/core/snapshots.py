"""Snapshots: what a request has read from the database, kept in Redis for the requests soon after it.

A snapshot is of a subject, such as a job. Each subject has a version in Redis, a random text, and a snapshot
counts only while the version is the one that it was made under. A change of what a subject's snapshots show
drops the version after its commit. A reader takes the version before it reads the database, so rows as they
were before a change never count after it.

A version that could not be dropped (Redis away, the process killed right after its commit) is why snapshots
live for seconds only. Without Redis there are none.
"""

import secrets
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.core.cache import cache
from django.db import transaction

SNAPSHOT_SECONDS: Final = 10
VERSION_SECONDS: Final = 300


def version_name(subject: UUID) -> str:
    """Return the name of a subject's version in the cache."""
    return f"version:{subject}"


def new_version(subject: UUID) -> str | None:
    """Give a subject its version, and return it. None if another reader was first, or Redis is away."""
    version = secrets.token_hex(8)
    return version if cache.add(version_name(subject), version, VERSION_SECONDS) else None


def outdate_after_commit(subjects: Iterable[UUID]) -> None:
    """Let no snapshot of these count any more, once the current transaction has committed."""
    names = [version_name(subject) for subject in subjects]
    transaction.on_commit(lambda: cache.delete_many(names))
