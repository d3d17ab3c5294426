"""Cleanup runs in the admin: when they ran, what they removed, and what they could not do."""

from typing import override

from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import ReadOnlyAdmin
from config.core.admin.runbook import runbook_link
from config.core.admin.widgets import badge, moment
from config.core.upkeep.models import CleanupRun


@admin.register(CleanupRun)
class CleanupRunAdmin(ReadOnlyAdmin[CleanupRun]):
    """A list of the runs, newest first."""

    list_display = ["started", "task", "outcome", "looked_at", "removed", "freed", "finished"]
    list_filter = ["task", ("problem", admin.EmptyFieldListFilter), "started_at"]
    fields = ["task", "outcome", "looked_at", "removed", "freed", "started_at", "finished_at", "findings"]

    @override
    def has_delete_permission(self, request: HttpRequest, obj: CleanupRun | None = None) -> bool:
        return False

    @admin.display(description=_("outcome"), ordering="problem")
    def outcome(self, run: CleanupRun) -> SafeString:
        if run.problem:
            return format_html("{} {}", badge("failed", run.problem), runbook_link("cleanup_finished"))
        if run.finished_at is None:
            return badge("processing", gettext("Running"))
        if run.cursor:
            return badge("queued", gettext("Goes on next time"))
        return badge("completed", gettext("Done"))

    @admin.display(description=_("freed"), ordering="freed_bytes")
    def freed(self, run: CleanupRun) -> str:
        return filesizeformat(run.freed_bytes)

    @admin.display(description=_("findings"))
    def findings(self, run: CleanupRun) -> SafeString | str:
        return format_html_join("", "<div>{}</div>", ([note] for note in run.notes)) or "-"

    @admin.display(description=_("started"), ordering="started_at")
    def started(self, run: CleanupRun) -> str:
        return moment(run.started_at)

    @admin.display(description=_("finished"), ordering="finished_at")
    def finished(self, run: CleanupRun) -> str:
        return moment(run.finished_at) if run.finished_at else "-"
