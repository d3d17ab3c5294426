"""Sessions of people who are signed out: Django keeps their rows until somebody removes them."""

from typing import Any

from django.contrib.sessions.models import Session
from django.utils import timezone

from config.core.upkeep.runs import Batch


def old_sessions(cursor: str, tally: dict[str, Any], *, dry_run: bool) -> Batch:
    """Expired sessions, all at once: they are few and small."""
    expired = Session.objects.filter(expire_date__lt=timezone.now())
    number = expired.count() if dry_run else expired.delete()[0]
    return Batch("", looked_at=number, removed=number)
