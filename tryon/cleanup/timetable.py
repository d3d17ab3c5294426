"""The times of the cleanup tasks, in UTC, as cron writes them: an hour of each day, or each hour."""

from datetime import datetime, timedelta
from typing import Final

EVERY_HOUR: Final = {
    "expired_results": "0 * * * *",
    "expired_shopper_photos": "10 * * * *",
    "shopper_erasures": "20 * * * *",
    "photos_of_products": "45 * * * *",
    "photo_fetches": "40 * * * *",
    "old_requesters": "50 * * * *",
    "test_jobs": "52 * * * *",
    "test_uploads": "55 * * * *",
    "old_idempotency_keys": "57 * * * *",
}
EVERY_NIGHT: Final = {
    "abandoned_uploads": "5 2 * * *",
    "spent_uploads": "10 2 * * *",
    "kept_pictures": "15 2 * * *",
    "archived_jobs": "17 2 * * *",
    "old_jobs": "20 2 * * *",
    "old_archived_jobs": "22 2 * * *",
    "old_events": "25 2 * * *",
    "erasures": "30 2 * * *",
    "old_sessions": "35 2 * * *",
    "old_logins": "40 2 * * *",
    "old_upload_attempts": "42 2 * * *",
    "old_imports": "42 2 * * *",
    "stored_files": "45 2 * * *",
    "old_audit_entries": "50 2 * * *",
    "old_webhook_events": "52 2 * * *",
}
TIMES: Final = EVERY_HOUR | EVERY_NIGHT


def next_time(task: str, now: datetime) -> datetime | None:
    """Return when cron begins a task next. None for one that it does not know."""
    if task not in TIMES:
        return None
    minute, hour, *_rest = TIMES[task].split()
    at = now.replace(minute=int(minute), second=0, microsecond=0)
    if hour != "*":
        at = at.replace(hour=int(hour))
    step = timedelta(hours=1) if hour == "*" else timedelta(days=1)
    return at if at > now else at + step
