"""The archive: jobs that have ended long ago, kept thin."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ArchiveConfig(AppConfig):
    name = "tryon.archive"
    label = "archive"
    verbose_name = _("Archive")
