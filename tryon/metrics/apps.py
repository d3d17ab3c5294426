"""Metrics: what operators measure, for Prometheus, the statistics API and the Operations page."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    name = "tryon.metrics"
    label = "metrics"
    verbose_name = _("Metrics")
