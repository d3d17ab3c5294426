"""Review: people judge results one after another."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewConfig(AppConfig):
    name = "tryon.review"
    label = "review"
    verbose_name = _("Review")
