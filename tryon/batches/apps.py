"""Batches: many try-ons that are planned together."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatchesConfig(AppConfig):
    name = "tryon.batches"
    label = "batches"
    verbose_name = _("Batches")
