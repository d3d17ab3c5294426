"""Housekeeping: how much is stored, what is counted by the day, and the log of clean-ups."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UpkeepConfig(AppConfig):
    name = "config.core.upkeep"
    label = "upkeep"
    verbose_name = _("Upkeep")
