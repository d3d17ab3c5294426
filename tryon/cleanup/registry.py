"""The tasks by name, for cron, the command and the admin."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from config.core.upkeep.runs import Batch, Work
from tryon.cleanup.audit import old_audit_entries
from tryon.cleanup.copies import unless_a_copy
from tryon.cleanup.erasing import erasures
from tryon.cleanup.events import old_events
from tryon.cleanup.files import stored_files
from tryon.cleanup.idempotency import old_idempotency_keys
from tryon.cleanup.jobs import archived_jobs, old_archived_jobs, old_jobs
from tryon.cleanup.logins import old_logins
from tryon.cleanup.originals import original_metadata
from tryon.cleanup.pictures import kept_pictures
from tryon.cleanup.requesters import old_requesters
from tryon.cleanup.results import expired_results, rejected_results
from tryon.cleanup.sandboxed import test_jobs, test_uploads
from tryon.cleanup.sessions import old_sessions
from tryon.cleanup.shopper_erasures import shopper_erasures
from tryon.cleanup.shoppers import expired_shopper_photos
from tryon.cleanup.uploads import abandoned_uploads, spent_uploads

EARLY_UPLOAD_TTL: Final = timedelta(hours=1)
EARLY_SPENT_TTL: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Task:
    """One cleanup task. ``step(cursor, tally, dry_run=…)`` handles a batch.

    ``gives_up_files``: it deletes the files of rows.
    """

    step: Callable[..., Batch]
    help: Any
    can_be_forced: bool = False
    gives_up_files: bool = False

    def work(self, *, dry_run: bool = False, force: bool = False) -> Work:
        """Return the step in the form that ``config.core.upkeep.runs`` takes."""
        options: dict[str, Any] = {"dry_run": dry_run}
        if self.can_be_forced:
            options["force"] = force
        if self.gives_up_files:
            return functools.partial(unless_a_copy, self.step, **options)
        return functools.partial(self.step, **options)


TASKS: Final[dict[str, Task]] = {
    "expired_results": Task(
        expired_results, _("results past RESULT_TTL_DAYS, with their pictures"), gives_up_files=True
    ),
    "expired_shopper_photos": Task(
        expired_shopper_photos,
        _("shoppers' photos past SHOPPER_PHOTO_TTL_HOURS, with all that was made with them"),
        gives_up_files=True,
    ),
    "abandoned_uploads": Task(
        abandoned_uploads, _("uploads older than UPLOAD_TTL_HOURS without a try-on"), gives_up_files=True
    ),
    "spent_uploads": Task(
        spent_uploads,
        _("files of uploads whose try-ons ended RESULT_TTL_DAYS ago and have no result"),
        gives_up_files=True,
    ),
    "kept_pictures": Task(
        kept_pictures, _("copies of paid pictures that no job can use now"), gives_up_files=True
    ),
    "archived_jobs": Task(
        archived_jobs, _("jobs that ended JOB_ARCHIVE_DAYS ago and have no result; they move to the archive")
    ),
    "old_archived_jobs": Task(old_archived_jobs, _("archived jobs that ended JOB_TTL_DAYS ago")),
    "old_jobs": Task(
        old_jobs, _("jobs that ended JOB_TTL_DAYS ago and have no result; daily counts keep their cost")
    ),
    "erasures": Task(
        erasures, _("the try-ons of photos that were erased, if some are left"), gives_up_files=True
    ),
    "shopper_erasures": Task(
        shopper_erasures,
        _("what is left of erased shoppers; asks the store for each erased object"),
        gives_up_files=True,
    ),
    "old_events": Task(old_events, _("events of finished jobs older than EVENT_TTL_DAYS")),
    "old_audit_entries": Task(old_audit_entries, _("entries of the audit log older than AUDIT_LOG_DAYS")),
    "old_sessions": Task(old_sessions, _("sessions of people who are signed out")),
    "old_logins": Task(old_logins, _("failed logins that no longer count")),
    "old_requesters": Task(
        old_requesters, _("names of keys in rows of version 0.1; their shops get the rows")
    ),
    "old_idempotency_keys": Task(old_idempotency_keys, _("keys of repeatable requests, after 24 hours")),
    "test_jobs": Task(
        test_jobs, _("jobs of test keys, and their results, a day after they came"), gives_up_files=True
    ),
    "test_uploads": Task(
        test_uploads, _("photos of test keys, once their jobs have gone"), gives_up_files=True
    ),
    "stored_files": Task(
        stored_files, _("files that no row names; also measures storage"), can_be_forced=True
    ),
}

# Tasks that a person runs once, after an update.
ONCE: Final[dict[str, Task]] = {
    "original_metadata": Task(
        original_metadata, _("metadata in originals that version 0.1 has stored"), gives_up_files=True
    ),
}

# Tasks for storage that is nearly full: they remove things early.
EARLY: Final[dict[str, Task]] = {
    "expired_results": TASKS["expired_results"],
    "rejected_results": Task(
        rejected_results, _("results that a merchandiser rejected, with their pictures"), gives_up_files=True
    ),
    "abandoned_uploads": Task(
        functools.partial(abandoned_uploads, older_than=EARLY_UPLOAD_TTL),
        _("uploads older than an hour"),
        gives_up_files=True,
    ),
    "spent_uploads": Task(
        functools.partial(spent_uploads, older_than=EARLY_SPENT_TTL),
        _("files of uploads whose try-ons ended a week ago"),
        gives_up_files=True,
    ),
}
