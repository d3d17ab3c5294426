"""The coverage board: products by model photos."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BoardConfig(AppConfig):
    name = "tryon.board"
    label = "board"
    verbose_name = _("Coverage board")
