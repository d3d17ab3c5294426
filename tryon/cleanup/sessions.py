"""Cleanup of expired sessions, whose rows Django never removes by itself."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from config.core.upkeep.runs import Batch


def old_sessions(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Remove all expired sessions at once: they are few and small."""
    expired = SessionStore.get_model_class().objects.filter(expire_date__lt=timezone.now()).count()
    if not dry_run:
        SessionStore.clear_expired()  # what Django's clearsessions command calls
    return Batch("", looked_at=expired, removed=expired)
