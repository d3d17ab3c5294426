"""Upkeep: the use of storage, daily counts, and the log of cleanups."""

from typing import override

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class UpkeepConfig(AppConfig):
    name = "config.core.upkeep"
    label = "upkeep"
    verbose_name = _("Upkeep")

    @override
    def ready(self) -> None:
        from config.core.upkeep.installation import note_installation

        post_migrate.connect(note_installation, sender=self)
