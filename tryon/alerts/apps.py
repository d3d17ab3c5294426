"""Alerts: tell operators of trouble before shoppers notice it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "tryon.alerts"
    label = "alerts"
    verbose_name = _("Alerts")
