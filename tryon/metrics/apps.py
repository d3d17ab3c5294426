"""Metrics: what operators measure, for Prometheus, the statistics API and the Operations page."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    name = "tryon.metrics"
    label = "metrics"
    verbose_name = _("Metrics")

    @override
    def ready(self) -> None:
        from config.core.http.health import add_probe
        from tryon.metrics.views import metrics

        add_probe("/metrics", metrics)
