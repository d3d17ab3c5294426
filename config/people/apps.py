"""People: their preferences, their groups and the log of their changes."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "config.people"
    label = "people"
    verbose_name = _("People")
