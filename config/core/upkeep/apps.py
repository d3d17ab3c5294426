"""Upkeep: the use of storage, daily counts, and the log of cleanups."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UpkeepConfig(AppConfig):
    name = "config.core.upkeep"
    label = "upkeep"
    verbose_name = _("Upkeep")
