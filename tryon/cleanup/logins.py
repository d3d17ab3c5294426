"""Cleanup of failed login attempts. They hold names and addresses of people."""

from typing import Any

from config.core.upkeep.runs import Batch
from config.shops.logins import forgotten_attempts


def old_logins(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove all failed attempts that no longer count. Each login removes them too, so they are few."""
    attempts = forgotten_attempts()
    found = attempts.count()
    if not dry_run:
        attempts.delete()
    return Batch("", looked_at=found, removed=found)
